import type { Evidence } from '#contract/trust.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { transact } from '#runtime/server/transact.ts'
import type { Check, Finding } from './check.ts'
import { type Db, insertEvidence } from './store.ts'

/** Rings when a promise or its evidence has changed. */
export const TRUST_CHANNEL = 'trust'

/** A check tries small things; one that takes longer than this is stuck. */
const LIMIT_MS = 60_000

/** Runs a check now. What it throws is a failure with its reason, except when the control plane stops meanwhile. */
export async function runCheck(
  check: Check,
  deps: ServerDeps,
  signal: AbortSignal,
  limitMs = LIMIT_MS,
): Promise<Evidence> {
  const begunAt = deps.now()
  const finding = await findingOf(check, deps, signal, limitMs)
  return {
    source: 'check',
    name: check.name,
    promises: [...check.promises],
    // What was seen was true at the beginning; counting from the end would make it younger than it is.
    at: begunAt.toISOString(),
    passed: finding.passed,
    summary: finding.summary,
    facts: [...finding.facts],
    durationMs: deps.now().getTime() - begunAt.getTime(),
    validS: check.validS,
  }
}

/** Runs a check and keeps its evidence. */
export async function runAndRecord(check: Check, deps: ServerDeps, signal: AbortSignal): Promise<Evidence> {
  const evidence = await runCheck(check, deps, signal)
  await transact(deps.db, (tx) => recordEvidence(tx, evidence))
  return evidence
}

/** Keeps evidence in the transaction of what it is about, and tells whoever looks at promises. */
export async function recordEvidence(tx: Db, evidence: Evidence): Promise<void> {
  await insertEvidence(tx, evidence)
  await notify(tx, TRUST_CHANNEL)
}

async function findingOf(
  check: Check,
  deps: ServerDeps,
  stopping: AbortSignal,
  limitMs: number,
): Promise<Finding> {
  const limit = AbortSignal.timeout(limitMs)
  const signal = AbortSignal.any([stopping, limit])
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    if (signal.aborted) reject(signal.reason)
  })
  try {
    return await Promise.race([check.run(deps, signal), late])
  } catch (error) {
    if (stopping.aborted) throw stopping.reason
    deps.log.warn('trust.check_threw', { check: check.name, error })
    const why = limit.aborted ? `it took longer than ${limitMs / 1000} s` : publicReason(error)
    return { passed: false, summary: `The check could not be finished: ${why}.`, facts: [] }
  }
}

/** Why something threw, without what its message may name: addresses, apps, people. The log has all of it. */
function publicReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^[A-Z0-9_.a-z]{2,50}$/.test(code)) return `the platform met the error ${code}`
  return 'the platform met an error that is in its log'
}
