import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { breakInTalks, ordinaryTalks, TALK_PORTS, TUNNEL } from './network/break-in-talks.ts'
import { type Inside, instancesOf } from './network/instances.ts'
import { askNames } from './network/names.ts'
import { type OperatorsEye, openOperatorsEye, type Shown, untilShown } from './network/operators-eye.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { allowApp, incidentOf } from './network/said.ts'
import { say, startAnswers } from './network/talk.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const UNTOLD = 'signs of a break-in that nobody was told of'
const TOLD = 'longest time from such a sign until operators saw it'
const LOOSE = 'incidents that are missing'
const WRONGLY = 'events about what apps ordinarily send'
type Names = typeof UNTOLD | typeof TOLD | typeof LOOSE | typeof WRONGLY

const NAME = 'broken-into-app-talks'
const SOON_S = 10
const READY_S = 20
/** How often everything ordinary is sent. */
const ROUNDS = 15

/** Somebody has broken into an app, and works from there. */
export const brokenIntoAppTalks: Drill<Names> = {
  name: NAME,
  promises: ['NET-3'],
  needs: 'machine',
  programs: {},
  summary: 'Send what gives a break-in away from inside an app, and see that operators are told of each',
  harmless: false,
  setUp:
    'An app of its own that may reach two ports of a place outside of the platform, where somebody answers. It asks services there as apps do. Somebody watches what is noticed, as a page of the console does.',
  fault:
    'From the network of an instance comes what whoever breaks in sends, one after the other: a shell that leads outside, a chat that steers programs, work for a mining pool, a program fetched from a bare address, a password in the open, and data packed into questions for names.',
  measures: {
    [UNTOLD]: { unit: 'signs', limit: 0 },
    [TOLD]: { unit: 's', limit: 1 },
    [LOOSE]: { unit: 'incidents', limit: 0 },
    [WRONGLY]: { unit: 'events', limit: 0 },
  },
  expectedS: 50,
  begin,
}

interface Scene {
  readonly app: string
  readonly own: Inside
  readonly outside: Outsider
  readonly eye: OperatorsEye
  /** Milliseconds. */
  readonly begunAt: number
  faultAt: number
  /** How long until each sign was seen; `undefined`: it was not. */
  readonly tookS: Array<number | undefined>
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'broken-into')
  const outsiders: Outsider[] = []
  const endings: Array<() => unknown> = []
  let scene: Scene | undefined
  return {
    setUp: async () => {
      await app.deploy()
      await makeOutsiders(1, (one) => outsiders.push(one))
      const outside = present(outsiders[0])
      const ports = Object.values(TALK_PORTS)
      endings.push((await startAnswers(outside, ports)).end)
      for (const port of ports) await allowApp(place, NAME, app.name, `${outside.address}:${port}`)
      const own = present((await instancesOf(place, app.name))[0])
      for (const port of ports)
        await waitUntil('the place outside to answer', { timeoutS: READY_S, signal: place.signal }, () =>
          say(own, outside.address, { ...present(ordinaryTalks[0]), port }),
        )
      const begunAt = Date.now()
      await talkAsAppsDo(place, own, outside)
      const eye = await openOperatorsEye(place.home)
      endings.push(eye.end)
      scene = { app: app.name, own, outside, eye, begunAt, faultAt: 0, tookS: [] }
    },
    fault: async () => {
      present(scene).faultAt = Date.now()
      place.mark('fault')
      await workFromInside(place, present(scene))
    },
    measure: () => measure(place, present(scene)),
    cleanUp: () => endAll([...endings, ...outsiders.map((one) => one.remove), app.destroy]),
  }
}

async function talkAsAppsDo({ show }: DrillPlace, own: Inside, outside: Outsider): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const talk of ordinaryTalks)
      if (!(await say(own, outside.address, talk))) throw new Error('an ordinary request was not answered')
    show(`${round * ordinaryTalks.length} ordinary requests`)
  }
}

async function workFromInside(place: DrillPlace, scene: Scene): Promise<void> {
  const { own, outside } = scene
  for (const talk of breakInTalks(outside.address))
    await untilTold(place, scene, talk, async () => {
      if (!(await say(own, outside.address, talk))) throw new Error(`nobody outside answered: ${talk.what}`)
    })
  await untilTold(place, scene, TUNNEL, () => askNames(own, TUNNEL.names))
  place.mark('last sign sent')
}

/** Does it, and waits until it is told of. */
async function untilTold(
  place: DrillPlace,
  { app, eye, faultAt, tookS }: Scene,
  { what, rule }: { readonly what: string; readonly rule: number },
  act: () => Promise<void>,
): Promise<void> {
  const begunMs = performance.now()
  const isIt = ({ event }: Shown) =>
    event.app === app && event.finding_info?.uid === String(rule) && Date.parse(event.end_time) >= faultAt
  const wait = { timeoutS: SOON_S, signal: place.signal }
  const [shown] = await Promise.all([untilShown(eye, wait, isIt), act()])
  tookS.push(shown === undefined ? undefined : (shown.at - begunMs) / 1000)
  if (shown === undefined) place.say(`not told of: ${what}`)
  else if (tookS.length === 1) place.mark('first sign told of', { at: shown.at })
}

async function measure(place: DrillPlace, { app, own, outside, eye, begunAt, faultAt, tookS }: Scene) {
  const signs = [...breakInTalks(outside.address), TUNNEL]
  const known = new Set(signs.map(({ rule }) => String(rule)))
  const wrong = (await eye.look()).filter(
    ({ event }) =>
      event.app === app &&
      Date.parse(event.end_time) >= begunAt &&
      (Date.parse(event.start_time) < faultAt || !known.has(event.finding_info?.uid ?? '')),
  )
  for (const { event } of wrong) place.say(`told of ordinary use: ${event.message}`)
  const incident = await incidentOf(place, { address: `app:${app}` }, 'outbound', begunAt)
  const told = tookS.filter((one) => one !== undefined)
  const ordinary = ROUNDS * ordinaryTalks.length
  const title = incident?.title.replaceAll(app, 'drill').replaceAll(own.address, 'somebody')
  return {
    values: {
      [UNTOLD]: signs.length - told.length,
      [TOLD]: hundredths(told.length < signs.length ? SOON_S : Math.max(...told)),
      [LOOSE]: incident === undefined ? 1 : 0,
      [WRONGLY]: wrong.length,
    },
    result: `Of ${signs.length} signs of a break-in operators were told of ${told.length}, and ${title === undefined ? 'no incident tells of them' : `an incident tells of them: “${title}”`}. Of ${ordinary} ordinary requests of the app ${wrong.length === 0 ? 'none was told of' : `something was told ${wrong.length} times`}.`,
    figures: {
      signs: { value: signs.length, unit: 'kinds' },
      'ordinary requests': { value: ordinary, unit: 'requests' },
    },
  } satisfies Measured<Names>
}
