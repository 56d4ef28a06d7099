import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fleet, ServiceName } from '#contract/fleet.ts'
import { type AgentConfig, type Installation, UID } from '#contract/installation.ts'
import { renderJoiningEtcd, tlsFiles } from '#platform/hosts/database-tier.ts'
import { ETCD_CONFIG } from '#platform/hosts/platform-config.ts'
import { componentOf, ETCD_SERVICES, isOn, memberUrl, serviceAddress } from '#platform/mesh/index.ts'
import type { EtcdClient, EtcdMember } from '#runtime/drivers/etcd-client.ts'
import { exists, isAbsent, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { passFor } from './cluster-pass.ts'
import type { HostMembership } from './membership.ts'
import { keepOpen, type OpenStore } from './open-store.ts'

export interface EtcdMemberDeps {
  readonly config: AgentConfig
  readonly membership: HostMembership
  readonly log: Log
  /** The member can start now. */
  readonly onJoined: () => void
}

type JoiningMember = (typeof ETCD_SERVICES)[number]

/** What one look needs. */
interface Look {
  readonly installation: Installation
  readonly fleet: Fleet
  readonly open: OpenStore
  readonly name: JoiningMember
  /** The member's folder. */
  readonly folder: string
  /** For how long each look has found the same, in milliseconds. */
  readonly standing: (what: string) => number
  /** How long ago the control plane was heard, in milliseconds. */
  readonly heardMs: () => number
}

/** Which member of the cluster the data in the folder is of. */
const MEMBER_ID = 'member-id'
const BEAT_MS = 2_000
/** So long it takes until every host that is reached has been told which parts it has. */
const STOOD_MS = 20_000
const HEARD_MS = 20_000
const NEVER = new Date(0).toISOString()
/** So long a member that was just added may take to write its first file. */
const FIRST_FILE_MS = 60_000

/**
 * Keeps a joined host's member of etcd one of the cluster. On a beat of its own: a store that does not answer holds up nothing
 * else that the agent does.
 */
export function watchEtcdMember(deps: EtcdMemberDeps, signal: AbortSignal): void {
  const open = openOthers(deps)
  const standing = makeStanding()
  const forever = async () => {
    // One line for each trouble, until it is another one.
    let complaint = ''
    while (!signal.aborted) {
      const trouble = await lookOnce(deps, open, standing)
      if (trouble !== undefined && trouble.message !== complaint)
        deps.log.warn('agent.etcd_member', { error: trouble })
      complaint = trouble?.message ?? ''
      await pause(BEAT_MS, signal)
    }
    open.close()
  }
  void forever()
}

/** Since when the same was found. */
function makeStanding(): Look['standing'] {
  let last = { what: '', sinceMs: 0 }
  return (what) => {
    const now = performance.now()
    if (what !== last.what) last = { what, sinceMs: now }
    return now - last.sinceMs
  }
}

/** The members of other hosts: this host's own may not be one of the cluster yet. */
function openOthers({ config, membership }: EtcdMemberDeps): OpenStore {
  const { installation, host } = config
  const stores = () => {
    const fleet = membership.fleet()
    return ETCD_SERVICES.filter((one) => fleet.services[one] !== undefined && !isOn(one, host, fleet)).map(
      (one) => serviceAddress(installation, one).address,
    )
  }
  return keepOpen({ installation, issuePass: passFor(config, membership), stores })
}

/** What went wrong; it is tried again. */
async function lookOnce(
  { config, membership, onJoined }: EtcdMemberDeps,
  open: OpenStore,
  standing: Look['standing'],
): Promise<Error | undefined> {
  const { installation, home, host } = config
  const fleet = membership.fleet()
  const name = ETCD_SERVICES.find((member) => isOn(member, host, fleet))
  if (host.first || membership.credentials() === null || name === undefined || membership.isRemoved())
    return undefined
  const folder = join(home, componentOf(name))
  try {
    // Without its certificate, which is written when it has come, it could not start.
    if (!(await exists(tlsFiles(folder).cert))) return undefined
    const canStart = () => exists(join(folder, ETCD_CONFIG))
    const could = await canStart()
    const heardMs = () => Date.now() - Date.parse(membership.about().controlSeenAt ?? NEVER)
    await keepMember({ installation, fleet, open, name, folder, standing, heardMs })
    if (!could && (await canStart())) onJoined()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/**
 * Makes this host's member one of the cluster that is there: a learner first, which has no voice before it knows everything
 * (etcd's own procedure), then a member; and takes out those that have no host any more.
 */
async function keepMember(look: Look): Promise<void> {
  const { installation, folder, fleet, open, name } = look
  const peerUrl = (service: ServiceName) => memberUrl(installation, service, 'peer')
  const store = await open.current()
  const members = await store.members()
  const mine = peerUrl(name)
  const own = members.find(({ peerUrls }) => peerUrls.includes(mine))
  if (!(await hasData(folder))) await becomeLearner(look, store, mine, own)
  else if (own === undefined || (await isOfAnother(look, store, own))) await beginAnew(store, folder, own)
  else if (own.isLearner) await giveVoice(store, own.id, voicesOf(members))
  else {
    const placed = ETCD_SERVICES.filter((service) => fleet.services[service] !== undefined)
    const wanted = new Set(placed.map(peerUrl))
    for (const one of members.filter(({ peerUrls }) => !peerUrls.some((url) => wanted.has(url))))
      await store.removeMember(one.id)
  }
}

/** Where the members with a voice answer. */
const voicesOf = (members: readonly EtcdMember[]) =>
  members.filter(({ isLearner }) => !isLearner).flatMap(({ clientUrls }) => clientUrls.slice(0, 1))

/** A voice that cannot hear some of the others would be missed only when it is needed. */
async function giveVoice(store: EtcdClient, id: string, others: readonly string[]): Promise<void> {
  const heard = await Promise.allSettled(others.map((url) => store.status(url)))
  const silent = others.filter((_, at) => heard[at]?.status !== 'fulfilled')
  if (silent.length > 0) throw new Error(`${silent.join(' and ')} cannot be reached yet`)
  await store.promote(id)
}

const hasData = (folder: string) => exists(`${folder}/data/member`)

/**
 * Whether the data here is of another membership than the one at its address: the member was on another host in between. etcd would
 * end at once, again and again, because that membership is over. Whoever comes back with old news of the hosts must not take another
 * host's member for that: so it has to have stood there for a while, and the control plane has to be heard meanwhile.
 */
async function isOfAnother(
  { folder, standing, heardMs }: Look,
  store: EtcdClient,
  own: EtcdMember,
): Promise<boolean> {
  if ((await readText(join(folder, MEMBER_ID))) === own.id) return false
  const [url] = own.clientUrls
  const said = url === undefined ? undefined : await store.status(url).catch(() => undefined)
  const isOurs = said?.id === own.id
  if (standing(`${own.id} ${isOurs}`) < STOOD_MS) return false
  // What joined before that was written down says itself who it is.
  if (isOurs) await writeFileAtomic(join(folder, MEMBER_ID), own.id, { mode: 0o600 })
  return !isOurs && heardMs() < HEARD_MS
}

/**
 * Its data is of a membership that ended. What may still be a member at this address is none first: begun without its data it would
 * vote as if it had never promised anything.
 */
async function beginAnew(store: EtcdClient, folder: string, own: EtcdMember | undefined): Promise<void> {
  if (own !== undefined) await store.removeMember(own.id)
  for (const one of [ETCD_CONFIG, 'data/member', MEMBER_ID])
    await rm(join(folder, one), { recursive: true, force: true })
}

async function becomeLearner(
  { installation, folder, name }: Look,
  store: EtcdClient,
  mine: string,
  own: EtcdMember | undefined,
): Promise<void> {
  const file = join(folder, ETCD_CONFIG)
  if (own !== undefined) {
    if ((await ageMs(file)) < FIRST_FILE_MS) return
    await store.removeMember(own.id)
  }
  const all = await store.addLearner(mine)
  const added = all.find(({ peerUrls }) => peerUrls.includes(mine))
  if (added === undefined) throw new Error(`etcd did not add ${mine}`)
  await writeFileAtomic(join(folder, MEMBER_ID), added.id, { mode: 0o600 })
  const members = all.map(({ name: its, peerUrls }) => ({
    name: peerUrls.includes(mine) ? name : its,
    peerUrl: peerUrls[0] ?? '',
  }))
  const owner = { uid: UID.etcd, gid: UID.etcd }
  await writeFileAtomic(file, renderJoiningEtcd(installation, folder, name, members), { mode: 0o600, owner })
}

async function ageMs(file: string): Promise<number> {
  try {
    return Date.now() - (await stat(file)).mtimeMs
  } catch (error) {
    if (isAbsent(error)) return Number.POSITIVE_INFINITY
    throw error
  }
}
