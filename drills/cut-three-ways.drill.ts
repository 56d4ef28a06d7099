import { pause } from '#runtime/kit/pause.ts'
import type { HostsDrill, Stages } from './drill.ts'
import {
  faultOfHosts,
  LATE,
  LEDGER_MEASURES,
  type LedgerMeasure,
  LOST,
  SET_UP,
  WHOLE,
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace } from './hosts/hosts-place.ts'

const PLAIN_FAILED = 'requests that need no database and failed'
type Names = LedgerMeasure | typeof PLAIN_FAILED

/** Longer than the lease of the primary: none may lead when the lines are mended. */
const CUT_MS = 15_000

/** Nobody hears anybody: there is no majority, so writes have to stop, and to come back by themselves. */
export const cutThreeWays: HostsDrill<Names> = {
  name: 'cut-three-ways',
  promises: ['BAK-2', 'REC-3'],
  needs: 'hosts',
  summary: 'Cut both data centres and the witness off from each other while visitors write in each',
  harmless: false,
  setUp: `${SET_UP} They are inside the data centres, each at its own edge.`,
  fault: `All lines are cut at once, and mended after ${CUT_MS / 1000} s. No two places hear each other meanwhile, so writes stop; nothing may be acknowledged that is lost, and what needs no database goes on in each place.`,
  measures: { ...LEDGER_MEASURES, [PLAIN_FAILED]: { unit: 'requests', limit: 0 } },
  expectedS: 75,
  begin,
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place)
  const { ledger } = story
  const lines = () => [...new Set(place.hosts.map(({ dataCentre }) => dataCentre))]
  const mend = async () => {
    await Promise.all(lines().map((line) => place.heal(line)))
  }
  return {
    setUp: async () => {
      await story.ready()
      for (const host of place.hosts.filter(({ full }) => full)) await story.visitInside(host)
      await story.underWay()
    },
    fault: async () => {
      await story.strike(async () => {
        await Promise.all(lines().map((line) => place.cut(line)))
      })
      await pause(CUT_MS, place.signal)
    },
    measure: async () => {
      const mendedMs = performance.now()
      const wholeS = await story.repaired('lines mended', mend)
      const meanwhile = ledger.acknowledged.filter(
        ({ atMs }) => atMs > story.struckMs() && atMs < mendedMs,
      ).length
      const { values, figures, ledger: kept } = await story.sumUp(wholeS)
      const plain = ledger.failed.filter(({ kind }) => kind === 'plain').length
      return {
        values: { ...values, [PLAIN_FAILED]: plain },
        result: `Of ${kept.entries.length} acknowledged writes ${values[LOST]} were lost and ${values[LATE]} were taken by a server that another had replaced; ${meanwhile} were acknowledged while all lines were cut, and ${plain} requests that need no database failed; ${values[WHOLE]} s after they were mended all was whole.`,
        figures: {
          ...figures,
          'writes acknowledged while all lines were cut': { value: meanwhile, unit: 'writes' },
        },
        ledger: kept,
      }
    },
    cleanUp: async () => {
      await mend()
      await story.cleanUp()
    },
  }
}
