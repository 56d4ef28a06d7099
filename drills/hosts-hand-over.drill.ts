import { STALL_S } from './database-hands-over.drill.ts'
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
import { leadPairFrom, somePrimary } from './hosts/pair-lead.ts'

const PLAIN_FAILED = 'requests without a database that failed'
type Names = LedgerMeasure | typeof SILENCE | typeof PLAIN_FAILED

const MEASURES: Readonly<Record<Names, Measure>> = {
  [SILENCE]: { unit: 's', limit: STALL_S },
  [PLAIN_FAILED]: { unit: 'requests', limit: 0 },
  ...LEDGER_MEASURES,
}

/** The lead of the database goes to the other data centre, as before a host is switched off. */
export const hostsHandOver: HostsDrill<Names> = {
  name: 'hosts-hand-over',
  promises: ['PLT-3', 'SYS-3', 'BAK-2'],
  needs: 'hosts',
  summary: 'Hand the lead of the database over to the other data centre while visitors write',
  harmless: false,
  setUp: `${SET_UP} They ask the edges of both data centres.`,
  fault: 'The primary hands its lead over to the standby in the other data centre (Patroni’s switchover).',
  measures: MEASURES,
  expectedS: 60,
  begin,
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place)
  const { ledger } = story
  return {
    setUp: () => visitAll(place, story),
    fault: () =>
      story.strike(async () => {
        const other = (await somePrimary(place)) === 'postgres-1' ? 'postgres-2' : 'postgres-1'
        await leadPairFrom(place, other)
      }),
    measure: async () => {
      const [wholeS] = await Promise.all([
        story.repaired('lead handed over', async () => {}),
        story.takenOver(place.hosts.filter(({ full }) => full)),
      ])
      const silenceS = silenceSince(story)
      const plain = ledger.failed.filter(({ kind }) => kind === 'plain').length
      const { values, figures, ledger: kept } = await story.sumUp(wholeS)
      return {
        values: { ...values, [SILENCE]: silenceS, [PLAIN_FAILED]: plain },
        result: `Of ${kept.entries.length} acknowledged writes ${values[LOST]} were lost; the longest time without one was ${silenceS} s; ${plain} requests that need no database failed; ${values[WHOLE]} s after the lead was handed over all was whole.`,
        figures,
        ledger: kept,
      }
    },
    cleanUp: story.cleanUp,
  }
}
