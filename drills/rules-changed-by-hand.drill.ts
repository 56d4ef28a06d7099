import { pause } from '#runtime/kit/pause.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { killContainer } from './kill-container.ts'
import { doorsOpen, doorsShut, tryDoors } from './network/doors.ts'
import { byHand, type HandMade, handMade, mendsSaid } from './network/hand-on-rules.ts'
import { type Inside, instancesOf } from './network/instances.ts'
import { endAll } from './network/programs-on-host.ts'
import { letIn } from './network/said.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { secondsUntil } from './wait-until.ts'

const UNDONE = 'longest time until a change by hand was undone'
const UNTOLD = 'changes that the host did not tell of'
const LEAKED = 'doors that were open while the agent was away'
const LOST = 'doors of the app that were shut while the agent was away'
type Names = typeof UNDONE | typeof UNTOLD | typeof LEAKED | typeof LOST

const PATIENCE_S = 30
const FROZEN_MS = 8000

/** Somebody with root changes the kernel's rules by hand; then the agent that keeps them is frozen and killed. */
export const rulesChangedByHand: Drill<Names> = {
  name: 'rules-changed-by-hand',
  promises: ['NET-1', 'NET-2', 'SYS-1'],
  needs: 'machine',
  summary: "Change the kernel's rules by hand, then freeze and kill the agent that keeps them",
  harmless: false,
  setUp: 'Two apps of its own. The drill stands in the network of an instance of one.',
  fault:
    'A rule that lets everything through is put in, all rules are deleted, the judge of scanners is emptied, somebody is put among those who are never judged, the bindings of ports are deleted, and a port is put among them, one after the other; then the agent stands still for 8 s and is killed.',
  measures: {
    [UNDONE]: { unit: 's', limit: 5 },
    [UNTOLD]: { unit: 'changes', limit: 0 },
    [LEAKED]: { unit: 'doors', limit: 0 },
    [LOST]: { unit: 'doors', limit: 0 },
  },
  expectedS: 80,
  begin,
}

interface Undone {
  readonly what: string
  readonly seconds: number
  readonly told: boolean
}

interface Away {
  readonly leaked: number
  readonly lost: number
}

function begin(place: DrillPlace): Stages<Names> {
  const [app, neighbour] = [drillApp(place, 'inside'), drillApp(place, 'neighbour')]
  const agent = `${place.installation.name}-agent`
  let frozen = false
  const thaw = async () => {
    if (frozen) await place.docker.containers.thaw(agent)
    frozen = false
  }
  const undone: Undone[] = []
  const away: Away[] = []
  let inside: Inside | undefined
  return {
    setUp: async () => {
      for (const one of [app, neighbour]) await one.deploy()
      inside = (await instancesOf(place, app.name))[0]
    },
    fault: async () => {
      const own = present(inside)
      const neighbours = (await instancesOf(place, neighbour.name)).map(({ address }) => address)
      place.mark('fault')
      for (const change of handMade(place)) undone.push(await undo(place, change))
      await place.docker.containers.freeze(agent)
      frozen = true
      place.mark('agent stands still')
      const until = performance.now() + FROZEN_MS
      away.push(await lookAround(place, own, neighbours))
      await pause(Math.max(0, until - performance.now()), place.signal)
      await thaw()
      place.mark('agent goes on')
      await killContainer(place, 'agent')
      place.mark('agent killed')
      away.push(await lookAround(place, own, neighbours))
    },
    measure: async () => summarize(undone, away),
    cleanUp: () => endAll([thaw, () => inside && letIn(place, [inside]), app.destroy, neighbour.destroy]),
  }
}

/** So often a hand tries: the agent looks every three seconds, and this takes a fraction of one. */
const HANDS = 3
/** What comes while the agent loads is undone by that very load, and nobody sees it: a hand comes when it has finished. */
const AT_WORK_MS = 1_000
const TELLING_S = 5

/** One change, from the hand to the moment at which the kernel shows what it showed before. */
async function undo(place: DrillPlace, change: HandMade): Promise<Undone> {
  const { signal } = place
  const { before, began, came } = await byHandAtRest(place, change)
  place.mark(change.what.slice(0, 60))
  await secondsUntil({ timeoutS: PATIENCE_S, signal }, async () => (await change.shown()) === before)
  const seconds = (performance.now() - came) / 1000
  place.mark('undone')
  const told = await isTold(place, began)
  place.say(`${change.what}: undone after ${seconds.toFixed(2)} s, ${told ? 'told' : 'not told'}`)
  return { what: change.what, seconds, told }
}

/**
 * The change, made while the agent is not loading. That it came about is seen in the kernel or, where the agent was
 * quicker than this look, said by the agent that put it back.
 */
async function byHandAtRest(place: DrillPlace, change: HandMade) {
  for (let hand = 0; hand < HANDS; hand++) {
    await pause(AT_WORK_MS, place.signal)
    const before = await change.shown()
    const began = new Date()
    await byHand(change)
    const came = performance.now()
    if ((await change.shown()) !== before || (await isTold(place, began))) return { before, began, came }
  }
  throw new NothingProven(`${change.what}: nothing has changed`)
}

/** Whether the agent says that it put something back since a moment. */
async function isTold(place: DrillPlace, since: Date): Promise<boolean> {
  const told = async () => (await mendsSaid(place, since)) > 0
  return (await secondsUntil({ timeoutS: TELLING_S, signal: place.signal }, told)) < TELLING_S
}

/** What is open from inside, while nobody keeps the rules. */
async function lookAround(place: DrillPlace, own: Inside, neighbours: readonly string[]): Promise<Away> {
  const needs = doorsOpen(place.installation)
  const needed = await tryDoors(own, needs)
  const tried = await tryDoors(own, doorsShut(place.installation, neighbours))
  for (const { what, end } of tried) if (end !== 'silent') place.say(`${end}: ${what}`)
  return {
    leaked: tried.filter(({ end }) => end !== 'silent').length,
    lost: needed.filter(({ end }) => end !== 'open').length,
  }
}

function summarize(undone: readonly Undone[], away: readonly Away[]): Measured<Names> {
  const longest = hundredths(Math.max(...undone.map(({ seconds }) => seconds)))
  const untold = undone.filter(({ told }) => !told)
  const sum = (which: keyof Away) => away.reduce((all, one) => all + one[which], 0)
  return {
    values: { [UNDONE]: longest, [UNTOLD]: untold.length, [LEAKED]: sum('leaked'), [LOST]: sum('lost') },
    result: `${undone.length} changes by hand were undone after ${longest} s at most, ${undone.length - untold.length} of them told of; while the agent stood still and after it was killed, ${sum('leaked')} doors were open that should not be, and ${sum('lost')} shut that the app needs.`,
    figures: Object.fromEntries(
      undone.map(({ what, seconds }) => [what, { value: hundredths(seconds), unit: 's' }]),
    ),
  }
}
