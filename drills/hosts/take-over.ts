import type { Measured } from '../drill.ts'
import {
  type FaultOfHosts,
  LATE,
  LOST,
  measureTakeOver,
  PLAIN,
  SILENCE,
  type TakeOverMeasure,
  tellFailedAfter,
  WHOLE,
} from './fault-of-hosts.ts'
import type { LabHost } from './hosts-place.ts'

/** How the damage ends. */
interface Repair {
  /** Its mark in the time line. */
  readonly label: string
  readonly repair: () => Promise<void>
}

/** What differs in the sentence that says how a drill went. */
interface Words {
  /** At which edges nobody was served for a while, before "no write …"; nothing where it goes without saying. */
  readonly where?: string
  /** What all was whole after: "the line was mended". */
  readonly since: string
  /** Says also how many writes were taken by who had led before. */
  readonly late?: true
}

/** Waits until others have taken over, has the damage repaired, and judges by the edges of those that went on. */
export async function judgeTakeOver(
  story: Pick<FaultOfHosts, 'takenOver' | 'repaired' | 'sumUp' | 'ledger' | 'struckMs'>,
  edges: readonly LabHost[],
  { label, repair }: Repair,
  { where = '', since, late }: Words,
): Promise<Measured<TakeOverMeasure>> {
  await story.takenOver(edges)
  const wholeS = await story.repaired(label, repair)
  const taken = measureTakeOver(story, edges)
  const { values, figures, ledger } = await story.sumUp(wholeS)
  const tooLate = late ? `, and ${values[LATE]} were taken by who had led before` : ''
  return {
    values: { ...values, ...taken },
    result: `Of ${ledger.entries.length} acknowledged writes ${values[LOST]} were lost${tooLate}; ${where}no write was acknowledged for ${taken[SILENCE]} s, new requests without a database failed for ${taken[PLAIN]} s, ${tellFailedAfter(story, edges)}; ${values[WHOLE]} s after ${since} all was whole.`,
    figures,
    ledger,
  }
}
