import { MaruError } from '#contract/errors.ts'
import type { DrillResult, Evidence } from '#contract/trust.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { transact } from '#runtime/server/transact.ts'
import { DRILL_VALID_DAYS } from './requirements.ts'
import { TRUST_CHANNEL } from './run-check.ts'
import { insertDrill, insertEvidence } from './store.ts'

/** Clocks of one host agree; more than this is a mistake. */
const AHEAD_MS = 60_000
const DAY_S = 86_400

/** A drill's result as evidence. What contradicts itself is refused: passing is decided by figures and limits. */
export function evidenceOfDrill(result: DrillResult, now: Date): Evidence {
  const refuse = (field: string, reason: string): never => {
    throw new MaruError('invalid', { field, reason })
  }
  const [startedMs, finishedMs] = [Date.parse(result.startedAt), Date.parse(result.finishedAt)]
  if (finishedMs < startedMs) refuse('finishedAt', 'must not be before startedAt')
  if (finishedMs > now.getTime() + AHEAD_MS) refuse('finishedAt', 'must not be in the future')
  const over = result.measures.find(({ value, limit }) => value > limit)
  if (result.passed && over !== undefined)
    refuse('passed', `must be false: ${over.name} is ${over.value} ${over.unit}, its limit is ${over.limit}`)
  return {
    source: 'drill',
    name: result.drill,
    promises: result.promises,
    at: new Date(finishedMs).toISOString(),
    passed: result.passed,
    summary: result.result,
    facts: [
      { name: 'Fault', value: result.fault },
      ...result.measures.map(({ name, value, unit, limit }) => ({
        name,
        value: `${value} ${unit} (limit ${limit} ${unit})`.replaceAll('  ', ' '),
      })),
    ],
    durationMs: finishedMs - startedMs,
    validS: DRILL_VALID_DAYS * DAY_S,
  }
}

/** Keeps a drill's result as evidence, with all that it handed in. */
export async function recordDrill(deps: ServerDeps, result: DrillResult): Promise<Evidence> {
  const evidence = evidenceOfDrill(result, deps.now())
  await transact(deps.db, async (tx) => {
    await insertDrill(tx, await insertEvidence(tx, evidence), result)
    await notify(tx, TRUST_CHANNEL)
  })
  return evidence
}
