import { pause } from '#runtime/kit/pause.ts'
import type { HostsDrill, Measure, Stages } from './drill.ts'
import {
  faultOfHosts,
  LEDGER_MEASURES,
  type LedgerMeasure,
  LOST,
  SET_UP,
  SILENCE,
  silenceSince,
  visitAll,
  WHOLE,
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace } from './hosts/hosts-place.ts'

const FAILED = 'requests that failed'
type Names = LedgerMeasure | typeof SILENCE | typeof FAILED

const AWAY_MS = 10_000

const MEASURES: Readonly<Record<Names, Measure>> = {
  [SILENCE]: { unit: 's', limit: 2 },
  [FAILED]: { unit: 'requests', limit: 0 },
  ...LEDGER_MEASURES,
}

/** The host that has a voice only goes; nobody may notice. */
export const witnessDies: HostsDrill<Names> = {
  name: 'witness-dies',
  promises: ['REC-2'],
  needs: 'hosts',
  summary: 'Take the power of the witness while visitors write',
  harmless: false,
  setUp: `${SET_UP} They ask the edges of both data centres.`,
  fault: `The witness loses all its processes and its link in one moment, and gets its power back after ${AWAY_MS / 1000} s.`,
  measures: MEASURES,
  expectedS: 60,
  begin,
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place)
  const { ledger } = story
  const witness = () => place.hosts.find(({ full }) => !full)?.name ?? ''
  return {
    setUp: () => visitAll(place, story),
    fault: async () => {
      await story.strike(() => place.kill(witness()))
      await pause(AWAY_MS, place.signal)
    },
    measure: async () => {
      const wholeS = await story.repaired('witness started', () => place.start(witness()))
      const silenceS = silenceSince(story)
      const failed = ledger.failed.length
      const summary = await story.sumUp(wholeS)
      const { values } = summary
      return {
        values: { ...values, [SILENCE]: silenceS, [FAILED]: failed },
        result: `Of ${ledger.answered() + failed} requests ${failed} failed, of ${ledger.acknowledged.length} acknowledged writes ${values[LOST]} were lost; the longest time without one was ${silenceS} s; ${values[WHOLE]} s after the witness had its power back all was whole.`,
        figures: summary.figures,
        ledger: summary.ledger,
      }
    },
    cleanUp: async () => {
      await story.cleanUp()
      await place.start(witness())
    },
  }
}
