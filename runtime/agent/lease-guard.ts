import { addressesOf, HOME, type Installation } from '#contract/installation.ts'
import { leaderKey } from '#platform/hosts/database-tier.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { EtcdClient } from '#runtime/drivers/etcd-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { type Lead, type MemberLife, planLease, type SeenLead } from './lease-plan.ts'
import { keepOpen, type StoreDeps } from './open-store.ts'

export interface LeaseGuardDeps extends StoreDeps {
  readonly docker: Docker
  readonly log: Log
  /** Whether a member of the pair is on this host, as far as it was told. */
  keepsMember(): boolean
}

export interface LeaseGuard {
  /** Looks at once: something has happened to a container. */
  wake(): void
}

/** How often it looks without a signal: a lead has to be seen in the life of the one who took it. */
const BEAT_MS = 2_000

/**
 * Gives the lead of the database pair free as soon as the container that held it on this host is dead, instead of letting
 * the others wait until its lease ends. On a beat of its own: nothing else that the agent does may hold it up.
 */
export function guardLease(deps: LeaseGuardDeps, signal: AbortSignal): LeaseGuard {
  let seen: SeenLead | undefined
  let interrupt = () => {}
  let asked = false
  let failed = false
  const stores = keepOpen(deps)
  const forever = async () => {
    while (!signal.aborted) {
      asked = false
      try {
        seen = deps.keepsMember() ? await look(deps, await stores.current(), seen) : undefined
        failed = false
      } catch (error) {
        if (!failed) deps.log.warn('agent.lease_unknown', { error })
        failed = true
      }
      const over = new AbortController()
      interrupt = () => over.abort()
      if (!asked) await pause(BEAT_MS, AbortSignal.any([signal, over.signal]))
    }
    stores.close()
  }
  void forever()
  return {
    wake: () => {
      asked = true
      interrupt()
    },
  }
}

/** One look: the lead first, then the lives of the members here. Gives the lead that is to be remembered. */
export async function look(
  { installation, docker, log }: Pick<LeaseGuardDeps, 'installation' | 'docker' | 'log'>,
  store: EtcdClient,
  seen: SeenLead | undefined,
): Promise<SeenLead | undefined> {
  const key = leaderKey(installation)
  const entry = await store.get(key)
  const lead = entry && { member: entry.value, revision: entry.revision }
  const step = planLease(lead, await livesOf(installation, docker, lead), seen)
  if (step.do === 'nothing') return step.seen
  const { member, revision } = step.lead
  const released = await store.deleteExactly(key, { value: member, revision })
  log.info('agent.lease_released', { member, revision, why: step.why, released })
  return undefined
}

/** The life of the leader's container, where it is one of this host. */
async function livesOf(
  installation: Installation,
  docker: Docker,
  lead: Lead | undefined,
): Promise<ReadonlyMap<string, MemberLife>> {
  const members = addressesOf(installation).postgres.map((_, index) => HOME.postgres(index + 1))
  if (lead === undefined || !members.includes(lead.member)) return new Map()
  const found = await docker.containers.inspect(`${installation.name}-${lead.member}`)
  if (found === undefined) return new Map()
  // The engine knows a main process exactly as long as one runs, also in a frozen container.
  const alive = found.pid !== 0
  const life = `${found.id} ${found.startedAt?.toISOString() ?? 'never'}`
  return new Map([[lead.member, { life, alive }]])
}
