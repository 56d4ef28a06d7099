import { CONTROL_SERVICES } from '#contract/fleet.ts'
import type { HostsDrill, Measure, Stages } from './drill.ts'
import { deployOf, maruOn } from './hosts/app-in-lab.ts'
import {
  type FaultOfHosts,
  faultOfHosts,
  LEDGER_MEASURES,
  type LedgerMeasure,
  LOST,
  SET_UP,
  tellFailed,
  visitAll,
  WHOLE,
  WHOLE_S,
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { somePrimary } from './hosts/pair-lead.ts'
import { dieAndComeBack, type Ground, PART_NAMES, type PartName, partsOn } from './hosts/parts-of-host.ts'
import { hundredths } from './hundredths.ts'
import { present } from './present.ts'

const FAILED = 'requests that failed at the edges of other hosts'
const COMMANDS = 'commands on another host that failed while a control plane was away'
const timeOf = <Part extends PartName>(part: Part) => `time until the ${part} works again` as const
type Names = LedgerMeasure | typeof FAILED | typeof COMMANDS | ReturnType<typeof timeOf>

/** The longest that a part may be away which the engine starts again at once. */
const AWAY_S = 15
/** Longer than that, so that a failure has a figure. */
const PATIENCE_S = 60

const MEASURES = {
  [FAILED]: { unit: 'requests', limit: 0 },
  [COMMANDS]: { unit: 'commands', limit: 0 },
  ...Object.fromEntries(PART_NAMES.map((part) => [timeOf(part), { unit: 's', limit: AWAY_S }])),
  ...LEDGER_MEASURES,
} as Readonly<Record<Names, Measure>>

/** Each part that a host has besides the database dies alone, one after the other. */
export const partsDieInTurn: HostsDrill<Names> = {
  name: 'parts-die-in-turn',
  promises: ['REC-2'],
  needs: 'hosts',
  summary: 'Kill each part of the host with the database’s primary in turn while visitors ask at every edge',
  harmless: false,
  setUp: `${SET_UP} Its driver sends a write again that failed. They ask the edges of all hosts.`,
  fault: `On the host with the primary all processes of one part after the other are killed, each when all is whole again: ${PART_NAMES.join(', ')}. While the control plane is away, an app is deployed on another host.`,
  measures: MEASURES,
  expectedS: 150,
  begin,
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place, 'again')
  const awayS = new Map<PartName, number>()
  const failedCommands: string[] = []
  let struck: LabHost | undefined
  let parts: Awaited<ReturnType<typeof partsOn>> | undefined
  let wholeS = 0
  const fallen = async (ground: Ground, part: PartName, container: string) => {
    place.mark(`${container} dies`)
    const [seconds] = await Promise.all([
      dieAndComeBack(ground, part, container, PATIENCE_S),
      part === 'control plane' ? commandElsewhere(ground, failedCommands) : undefined,
    ])
    place.say(`${container} works again after ${hundredths(seconds)} s`)
    awayS.set(part, Math.max(seconds, awayS.get(part) ?? 0))
    wholeS = Math.max(wholeS, await story.wholeAgain())
  }
  return {
    setUp: async () => {
      await visitAll(place, story)
      struck = await place.hostOf(await somePrimary(place))
      parts = await partsOn(place, struck)
    },
    fault: async () => {
      const ground = { place, story, host: present(struck) }
      await story.strike(async () => {
        for (const [part, containers] of present(parts))
          for (const container of containers) await fallen(ground, part, container)
      })
    },
    measure: async () => {
      if (wholeS <= WHOLE_S) place.mark('heal')
      const { values, figures, ledger } = await story.sumUp(wholeS)
      const { here, elsewhere } = failedAt(story, present(struck))
      for (const line of tellFailed(elsewhere, story.struckMs())) place.say(`at another edge: ${line}`)
      const times = Object.fromEntries(
        PART_NAMES.map((part) => [timeOf(part), hundredths(awayS.get(part) ?? NaN)]),
      )
      return {
        values: {
          ...(times as Record<ReturnType<typeof timeOf>, number>),
          ...values,
          [FAILED]: elsewhere.length,
          [COMMANDS]: failedCommands.length,
        },
        result: `Each of ${awayS.size} kinds of parts died alone: ${elsewhere.length} requests failed at the edges of other hosts, ${here} at the one of the host itself, of ${ledger.entries.length} acknowledged writes ${values[LOST]} were lost; the slowest part worked again after ${hundredths(Math.max(...awayS.values()))} s, and all was whole at most ${values[WHOLE]} s after that.`,
        figures: {
          ...figures,
          'requests that failed at the edge of the host itself': { value: here, unit: 'requests' },
        },
        ledger,
      }
    },
    cleanUp: story.cleanUp,
  }
}

function failedAt({ ledger }: FaultOfHosts, { address }: LabHost) {
  const elsewhere = ledger.failed.filter(({ edge }) => edge !== address)
  return { elsewhere, here: ledger.failed.length - elsewhere.length }
}

/** Two commands on the host with the other control plane: to look, and to have something done. */
async function commandElsewhere({ place, host }: Ground, failed: string[]): Promise<void> {
  const controls = await Promise.all(CONTROL_SERVICES.map((one) => place.hostOf(one)))
  const other = present(controls.find(({ name }) => name !== host.name))
  for (const args of [['apps', '--json'], deployOf(await place.app())]) {
    const done = await maruOn(place, other.name, args)
    if (done.exitCode === 0) continue
    const why = done.stderr.trim().split('\n').at(-1) ?? ''
    place.say(`\`maru ${args[0]}\` on ${other.name} ended with ${done.exitCode}: ${why}`)
    failed.push(why)
  }
}
