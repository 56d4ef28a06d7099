import { ETCD_SERVICES, memberUrl } from '#platform/mesh/index.ts'
import type { Finding } from '#platform/trust/index.ts'
import { type EtcdMember, type EtcdStatus, makeEtcdClient } from '#runtime/drivers/etcd-client.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { loadControlCertificate } from './agents.ts'
import { listMembers, loadPlacement } from './store.ts'
import { askAll } from './store-members.ts'
import { OF_FIRST } from './tier-plan.ts'

/** A member of the store where it belongs, and what it says of itself. */
export interface Voice {
  readonly service: (typeof ETCD_SERVICES)[number]
  /** As the cluster lists it; undefined where it does not. */
  readonly member: Pick<EtcdMember, 'id' | 'isLearner'> | undefined
  /** Undefined while it does not answer. */
  readonly status: EtcdStatus | undefined
}

/** Whether the cluster's store is whole, without which nobody takes over a database: every member is heard and has a voice. */
export async function lookAtStore({ config, db }: ServerDeps): Promise<Finding> {
  const { installation } = config
  const [rows, services] = await read(() => Promise.all([listMembers(db), loadPlacement(db)]))
  const names = new Set(rows.map(({ name }) => name))
  const first = rows.find(({ is_first }) => is_first)?.name
  // What has no place yet is on the first host.
  const hostOf = (service: Voice['service']) =>
    services[service] ?? (OF_FIRST.includes(service) ? first : undefined)
  const placed = ETCD_SERVICES.filter((service) => names.has(hostOf(service) ?? ''))
  const urlOf = (service: Voice['service']) => memberUrl(installation, service, 'client')
  const urls = placed.map(urlOf)
  const store = makeEtcdClient({ urls, ...(await loadControlCertificate(config)) })
  try {
    const members = await store.members().catch(() => undefined)
    if (members === undefined)
      return { passed: false, summary: 'The cluster’s store does not answer.', facts: [] }
    const answering = await askAll(store, urls)
    const voices = placed.map((service): Voice => {
      const peer = memberUrl(installation, service, 'peer')
      const status = answering.find(({ url }) => url === urlOf(service))?.status
      return { service, member: members.find(({ peerUrls }) => peerUrls.includes(peer)), status }
    })
    return judgeStore(voices, rows.length)
  } finally {
    store.close()
  }
}

/** Judges it. Of one host nobody can ask for a store that outlives it; of several, everybody. */
export function judgeStore(voices: readonly Voice[], hosts: number): Finding {
  const leaders = new Set(voices.flatMap(({ status }) => status?.leader ?? []))
  const said = voices.map((voice) => ({ ...voice, says: saysOf(voice) }))
  const unwell = said.filter(({ says }) => !WELL.has(says))
  const problems = [
    ...unwell.map(({ service, says }) => `${service} ${says}.`),
    ...(leaders.size > 1 ? ['The members follow different leaders.'] : []),
    ...(hosts > 1 && voices.length < 3
      ? [
          `The store has ${voices.length === 1 ? 'one member' : 'two members, neither of which can be missed'}: a third host or a witness gives it three.`,
        ]
      : []),
  ]
  return {
    passed: problems.length === 0,
    summary: problems.length > 0 ? problems.join(' ') : wholeOf(voices.length),
    facts: [{ name: 'Members that are well', value: `${said.length - unwell.length} of ${said.length}` }],
  }
}

const wholeOf = (count: number) =>
  count === 1
    ? 'The cluster’s store has one member, as there is one host, and it answers.'
    : `All ${count} members of the cluster’s store answer, have a voice, and follow the same leader.`

const WELL: ReadonlySet<string> = new Set(['leads', 'follows'])

function saysOf({ member, status }: Voice): string {
  if (member === undefined) return 'is no member of the cluster yet'
  if (status === undefined) return 'does not answer'
  if (status.id !== member.id) return 'works with data of a membership that is over'
  if (member.isLearner || status.isLearner) return 'has no voice yet'
  if (status.leader === undefined) return 'knows of no leader'
  return status.leader === status.id ? 'leads' : 'follows'
}
