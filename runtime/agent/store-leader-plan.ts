import type { HostName } from '#contract/ids.ts'

/** A member of the store that has a host, as it was just asked. */
export interface Voice {
  readonly host: HostName
  /** Undefined: it does not answer. */
  readonly status:
    | { readonly id: string; readonly leader: string | undefined; readonly isLearner: boolean }
    | undefined
}

/** What is remembered between two looks, in milliseconds of a clock that only runs forward. */
export interface LeaderMemory {
  /** Since when this host's member leads and all are well. */
  readonly wellSince: number | undefined
  /** When this host's member last handed the lead over. */
  readonly movedAt: number | undefined
}

export interface LeaderPlan {
  /** The member that should lead instead. */
  readonly to: string | undefined
  readonly memory: LeaderMemory
}

export const NEVER_LED: LeaderMemory = { wellSince: undefined, movedAt: undefined }

/** All must have been well for so long. */
const WELL_MS = 10_000
/** Where the lead came back soon, the other member is not to be relied on: then for so long. */
const WARY_MS = 300_000
const SOON_MS = 600_000

/**
 * Whether this host's member of the store hands its lead to the one that has no member of the database pair beside it: then
 * the loss of a primary's host costs no election, which would also give the dead primary's lease its whole time again.
 * Three members on hosts of their own always leave one such host for a pair. Only while all three are well.
 */
export function planStoreLeader(
  voices: readonly Voice[],
  self: HostName,
  pair: readonly HostName[],
  before: LeaderMemory,
  nowMs: number,
): LeaderPlan {
  const own = voices.find(({ host }) => host === self)?.status
  const apart = voices.find(({ host }) => !pair.includes(host))
  const isWell = ({ status }: Voice) => status?.isLearner === false && status.leader === own?.id
  if (own === undefined || apart === undefined || apart.host === self || !voices.every(isWell))
    return { to: undefined, memory: { ...before, wellSince: undefined } }
  const wellSince = before.wellSince ?? nowMs
  const cameBack = before.movedAt !== undefined && wellSince - before.movedAt < SOON_MS
  if (nowMs - wellSince < (cameBack ? WARY_MS : WELL_MS))
    return { to: undefined, memory: { ...before, wellSince } }
  return { to: apart.status?.id, memory: { wellSince: undefined, movedAt: nowMs } }
}
