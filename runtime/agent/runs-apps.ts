import type { ComponentStatus } from '#contract/platform.ts'

export interface RunsAppsFacts {
  /** The host that has the authority's key and, for as long as there is one place for it, the database. */
  readonly first: boolean
  readonly domain: string
  /** Undefined where there is no edge; else what it has no certificate for yet. */
  readonly edgeMissing: ReadonlySet<string> | undefined
  readonly edgeAnswers: boolean
  /** The state of what the platform's configuration wants. */
  readonly components: readonly ComponentStatus[]
}

const DATABASE_WAY = 'pgproxy'

/**
 * Whether a host has all that instances need: an edge that visitors and other edges believe, and a way to the database. The first
 * host has both from its first `maru up` on.
 */
export function judgeRunsApps(facts: RunsAppsFacts): boolean {
  if (facts.first) return true
  const { edgeMissing, edgeAnswers, domain, components } = facts
  const hasEdge =
    edgeAnswers && edgeMissing !== undefined && !edgeMissing.has('peer') && !edgeMissing.has(domain)
  return hasEdge && components.some(({ component, state }) => component === DATABASE_WAY && state === 'ok')
}
