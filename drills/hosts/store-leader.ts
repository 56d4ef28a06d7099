import { z } from 'zod'
import type { ServiceName } from '#contract/fleet.ts'
import { addressesOf } from '#contract/installation.ts'
import { waitUntil } from '../wait-until.ts'
import type { HostsPlace } from './hosts-place.ts'

/** Members of the cluster's store, in the order of their addresses; the first one's files are those of a store of one. */
const MEMBERS: ReadonlyArray<{ readonly service: ServiceName; readonly container: string }> = [
  { service: 'etcd-1', container: 'etcd' },
  { service: 'etcd-2', container: 'etcd-2' },
  { service: 'etcd-3', container: 'etcd-3' },
]
type Member = (typeof MEMBERS)[number]

const Statuses = z.array(
  z.object({
    Endpoint: z.string(),
    Status: z.object({ leader: z.number(), header: z.object({ member_id: z.number() }) }),
  }),
)

const MOVE_S = 15

/** Runs etcdctl in a member's container, with the certificate that is there. */
async function etcdctl(place: HostsPlace, member: Member, urls: readonly string[], argv: readonly string[]) {
  const { name } = await place.hostOf(member.service)
  const engine = await place.engine(name)
  const tls = `/var/lib/maru/${member.container}/tls`
  const identity = [`--cacert=${tls}/ca.crt`, `--cert=${tls}/server.crt`, `--key=${tls}/server.key`]
  const command = ['etcdctl', `--endpoints=${urls.join()}`, '--dial-timeout=2s', ...identity, ...argv]
  return engine.containers.exec(`${place.installation.name}-${member.container}`, command)
}

const urlsOf = ({ installation }: HostsPlace) => {
  const { etcd, etcdPorts } = addressesOf(installation)
  return etcd.map((address) => `https://${address}:${etcdPorts.client}`)
}

/** Whether each member hears each of the others, on the host where it is. */
export async function storeIsWhole(place: HostsPlace): Promise<boolean> {
  for (const member of MEMBERS) {
    const { exitCode } = await etcdctl(place, member, urlsOf(place), ['endpoint', 'health'])
    if (exitCode !== 0) return false
  }
  return true
}

/** Nobody reads it. */
const DRILL_KEY = '/maru-drill/text'

/** Writes a text at one member of the store and reads it at each of the others, where that is. Gives whether all have it; it is removed. */
export async function passesThroughStore(place: HostsPlace, text: string): Promise<boolean> {
  const ask = (member: Member, ...argv: string[]) =>
    etcdctl(place, member, [urlsOf(place)[MEMBERS.indexOf(member)] ?? ''], argv)
  const writer = memberOf('etcd-1')
  try {
    if ((await ask(writer, 'put', DRILL_KEY, text)).exitCode !== 0) return false
    for (const reader of MEMBERS.filter((one) => one !== writer)) {
      const { stdout } = await ask(reader, 'get', '--print-value-only', DRILL_KEY)
      if (stdout.trim() !== text) return false
    }
    return true
  } finally {
    await ask(writer, 'del', DRILL_KEY)
  }
}

/** The member that leads the store now, as the members say; asked in the container of one of them. */
export async function storeLeader(place: HostsPlace, from: ServiceName): Promise<ServiceName | undefined> {
  const member = memberOf(from)
  const asked = await etcdctl(place, member, urlsOf(place), ['endpoint', 'status', '-w', 'json'])
  if (asked.exitCode !== 0) return undefined
  const statuses = Statuses.parse(JSON.parse(asked.stdout))
  const leading = statuses.find(({ Status }) => Status.leader === Status.header.member_id)
  const at = urlsOf(place).indexOf(leading?.Endpoint ?? '')
  return MEMBERS[at]?.service
}

const memberOf = (service: ServiceName): Member => {
  const found = MEMBERS.find((one) => one.service === service)
  if (found === undefined) throw new Error(`${service} is no member of the store`)
  return found
}

/** Brings the lead of the store to a member; refuses to go on where it does not stay. */
export async function leadStoreFrom(place: HostsPlace, wanted: ServiceName): Promise<void> {
  const what = `The lead of the cluster's store at ${wanted}`
  await waitUntil(what, { timeoutS: MOVE_S, signal: place.signal }, async () => {
    const now = await storeLeader(place, wanted)
    if (now === wanted) return true
    if (now === undefined) return false
    await moveLead(place, now, wanted)
    return (await storeLeader(place, wanted)) === wanted
  })
}

/** Has the store led from another host than this one, as the agents keep it away from the database's primary. */
export async function leadStoreAwayFrom(place: HostsPlace, host: string): Promise<void> {
  for (const { service } of MEMBERS)
    if ((await place.hostOf(service)).name !== host) return await leadStoreFrom(place, service)
  throw new Error(`every member of the store is on ${host}`)
}

/** etcd takes the order from the member that leads only. */
async function moveLead(place: HostsPlace, from: ServiceName, to: ServiceName): Promise<void> {
  const at = (service: ServiceName) => urlsOf(place)[MEMBERS.indexOf(memberOf(service))] ?? ''
  const listed = await etcdctl(place, memberOf(to), [at(to)], ['endpoint', 'status', '-w', 'fields'])
  const id = /"MemberID" : (\d+)/.exec(listed.stdout)?.[1]
  if (id === undefined) return
  await etcdctl(place, memberOf(from), [at(from)], ['move-leader', BigInt(id).toString(16)])
}
