import { KNOWN_PROMISES, type KnownPromise, PROMISES } from '#contract/promises.ts'
import type { Evidence, PromiseStatus } from '#contract/trust.ts'
import { REQUIREMENTS, type Requirement } from './requirements.ts'

/** A clock may be a little ahead of the one that judges; further in the future nothing has happened yet. */
const AHEAD_MS = 60_000

/** The state of every promise, from the latest evidence of each name. Pure: the clock is handed in. */
export function judgePromises(
  latest: readonly Evidence[],
  now: Date,
  requirements: Readonly<Record<KnownPromise, Requirement>> = REQUIREMENTS,
): PromiseStatus[] {
  return KNOWN_PROMISES.map((id) => judgePromise(id, requirements[id], latest, now))
}

/** One promise: kept exactly when no reason speaks against it. */
function judgePromise(
  id: KnownPromise,
  { needs, gaps, choice, note }: Requirement,
  latest: readonly Evidence[],
  now: Date,
): PromiseStatus {
  const evidence = latest.filter(({ name, promises }) => needs.includes(name) || promises.includes(id))
  const others = evidence.filter(({ name }) => !needs.includes(name))
  const undecided = evidence.filter(({ name, passed }) => name === choice && !passed)
  const reasons = [
    ...needs.flatMap((name) =>
      objection(
        name,
        latest.find((one) => one.name === name),
        now,
      ),
    ),
    ...others.filter((one) => !one.passed && isYoung(one, now)).map(failure),
    ...gaps,
    ...(needs.length + gaps.length === 0 ? ['Nothing checks it yet.'] : []),
  ]
  return {
    id,
    ...PROMISES[id],
    iso27001: [...PROMISES[id].iso27001],
    ismsP: [...PROMISES[id].ismsP],
    state: reasons.length === 0 ? 'kept' : 'not-yet',
    reason: reasons.length === 0 ? null : reasons.join(' '),
    gaps: [...gaps, ...undecided.map(({ summary }) => summary)],
    note: note ?? null,
    evidence,
  }
}

/** What speaks against a required check or drill; empty when it passed and is young enough. */
function objection(name: string, evidence: Evidence | undefined, now: Date): string[] {
  if (evidence === undefined) return [`${name} has not run yet.`]
  if (!evidence.passed) return [failure(evidence)]
  if (isYoung(evidence, now)) return []
  return [`The last evidence of ${name} is from ${evidence.at} and is too old to prove anything now.`]
}

const failure = ({ name, at, summary }: Evidence) => `${name} failed at ${at}: ${summary}`

/** Whether evidence still counts. What claims to be from the future never does. */
export function isYoung({ at, validS }: Pick<Evidence, 'at' | 'validS'>, now: Date): boolean {
  const ageMs = now.getTime() - Date.parse(at)
  return ageMs >= -AHEAD_MS && ageMs <= validS * 1000
}

/** Layers in which no promise is kept, and the number of those that have one. */
export function judgeLayers(promises: readonly PromiseStatus[]): { covered: string[]; bare: string[] } {
  const layers = [...new Set(promises.map(({ layer }) => layer))]
  const hasKept = (layer: string) => promises.some((one) => one.layer === layer && one.state === 'kept')
  return { covered: layers.filter(hasKept), bare: layers.filter((layer) => !hasKept(layer)) }
}
