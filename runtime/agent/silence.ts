import { type Fleet, MESH_PORT, SERVICES } from '#contract/fleet.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { leaderKey } from '#platform/hosts/database-tier.ts'
import { ETCD_SERVICES } from '#platform/mesh/index.ts'
import { knock } from '#runtime/drivers/knock.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Lead } from './lease-plan.ts'
import { keepOpen, type OpenStore, type StoreDeps } from './open-store.ts'

export interface SilenceDeps extends StoreDeps {
  readonly log: Log
  readonly self: HostName
  fleet(): Fleet
}

/** How often the lead is read while all is well. */
const READ_MS = 2_000
/** A knock that is not answered for so long is missed; after an answer the next one waits as long. */
const KNOCK_MS = 500
/** So many missed in a row are silence. */
const MISSED = 6
/** How long a word about silence counts; it is said anew with every further knock that is missed. */
const WORD_S = 3
/** Words of so many hosts: the most of three. */
const MAJORITY = 2

/**
 * Listens for the host of the pair's primary. When two hosts with a member of the store hear nothing from it for three
 * seconds, the lead is given free instead of waiting for its lease; an election of the store, when its leader was there,
 * passes meanwhile. A host whose programs are busy, frozen or dead is heard: its kernel answers.
 */
export function watchSilence(deps: SilenceDeps, signal: AbortSignal): void {
  const store = keepOpen(deps)
  let lead: Lead | undefined
  const read = async () => {
    while (!signal.aborted) {
      // What was read last counts on while the store does not answer: that is when it is needed.
      if (hasVoice(deps.fleet(), deps.self)) lead = await readLead(deps, store).catch(() => lead)
      await pause(READ_MS, signal)
    }
  }
  const listen = async () => {
    let last: HostAddress | undefined
    let missed = 0
    while (!signal.aborted) {
      const host = whomToHear(deps.fleet(), deps.self, lead)
      const heard = host === undefined || (await knock({ host, port: MESH_PORT, timeoutMs: KNOCK_MS }))
      missed = heard || host !== last ? Number(!heard) : missed + 1
      last = host
      if (lead !== undefined && missed >= MISSED) lead = await speakUp(deps, store, lead)
      if (heard) await pause(KNOCK_MS, signal)
    }
    store.close()
  }
  void read()
  void listen()
}

async function readLead({ installation }: SilenceDeps, store: OpenStore): Promise<Lead | undefined> {
  const entry = await (await store.current()).get(leaderKey(installation))
  return entry && { member: entry.value, revision: entry.revision }
}

/** Says that there is silence, and gives the lead free where it is not the only one to say so. Gives the lead that remains. */
export async function speakUp(
  { installation, log, self }: Pick<SilenceDeps, 'installation' | 'log' | 'self'>,
  open: Pick<OpenStore, 'current'>,
  lead: Lead,
): Promise<Lead | undefined> {
  const { member, revision } = lead
  const about = `/silence/${installation.name}/${member}/${revision}/`
  try {
    const store = await open.current()
    await store.putFor(WORD_S, `${about}${self}`)
    if ((await store.count(about)) < MAJORITY) return lead
    const released = await store.deleteExactly(leaderKey(installation), { value: member, revision })
    log.info('agent.lease_released', { member, revision, why: 'silent', released })
    return undefined
  } catch (error) {
    // It is said again after the next knock.
    log.warn('agent.lease_unknown', { error })
    return lead
  }
}

/** Whether a host has a member of a store of three. */
const hasVoice = ({ services }: Fleet, self: HostName) =>
  ETCD_SERVICES.every((one) => services[one] !== undefined) &&
  ETCD_SERVICES.some((one) => services[one] === self)

/** The host that should be heard: the primary's, where that is another one and this one has a voice. */
export function whomToHear(fleet: Fleet, self: HostName, lead: Lead | undefined): HostAddress | undefined {
  const service = SERVICES.find((one) => one === lead?.member)
  const host = service && fleet.services[service]
  if (host === undefined || host === self || !hasVoice(fleet, self)) return undefined
  return fleet.hosts.find(({ name }) => name === host)?.address
}
