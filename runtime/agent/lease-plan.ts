/** Who leads the database pair, as the store says. Each time that somebody takes the lead the revision is another. */
export interface Lead {
  readonly member: string
  readonly revision: string
}

/** The container of a member on this host. */
export interface MemberLife {
  /** Names this run of this container: after a restart it is another one. */
  readonly life: string
  /** Some process may run in it. */
  readonly alive: boolean
}

/** In which life of its member a lead was first seen here. */
export interface SeenLead extends Lead {
  readonly life: string
}

export type LeaseStep =
  | { readonly do: 'nothing'; readonly seen: SeenLead | undefined }
  | { readonly do: 'release'; readonly lead: Lead; readonly why: 'dead' | 'restarted' }

/**
 * Whether the lead belongs to a process of this host that is dead for certain. What is read must have been read in this
 * order, lead before life: then whoever took this lead did so in that life or in an earlier one.
 *
 * - The life is over: all its processes are gone, and with them the one that took the lead.
 * - The member lives again, and this very lead was seen in an earlier life: it was taken by a process that is gone.
 *
 * Whoever takes the lead after that gives it another revision, so that deleting exactly this one cannot hit a live
 * primary. Everything else is left to the lease, which ends by itself: no container, a frozen one, a member of another host.
 */
export function planLease(
  lead: Lead | undefined,
  lives: ReadonlyMap<string, MemberLife>,
  seen: SeenLead | undefined,
): LeaseStep {
  const now = lead && lives.get(lead.member)
  if (lead === undefined || now === undefined) return { do: 'nothing', seen: undefined }
  if (!now.alive) return { do: 'release', lead, why: 'dead' }
  const before = seen?.member === lead.member && seen.revision === lead.revision ? seen : undefined
  if (before !== undefined && before.life !== now.life) return { do: 'release', lead, why: 'restarted' }
  return { do: 'nothing', seen: { ...lead, life: now.life } }
}
