import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** Where the store is, and the certificate that it asks for (PEM). */
export interface EtcdPlace {
  /** Members in the order in which they are asked, such as https://10.0.0.1:2379. */
  readonly urls: readonly string[]
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A key as the store has it. Every write of it, whoever makes it, gives another revision. */
export interface EtcdEntry {
  readonly value: string
  readonly revision: string
}

/** A member of the cluster. One that has not started yet has no name. */
export interface EtcdMember {
  readonly id: string
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  /** It follows, and has no voice yet. */
  readonly isLearner: boolean
}

/** What a member says of itself. */
export interface EtcdStatus {
  readonly id: string
  /** Whom it follows; undefined while it knows of no leader. */
  readonly leader: string | undefined
  readonly isLearner: boolean
}

/** The part of etcd that the agent needs. A store that does not answer is an error. */
export interface EtcdClient {
  /** What the majority has now, never an old copy. */
  get(key: string): Promise<EtcdEntry | undefined>
  /** Deletes the key only if it is still exactly this entry, in one step of the store. Gives whether it did. */
  deleteExactly(key: string, entry: EtcdEntry): Promise<boolean>
  /** Writes a key that is gone after so many seconds, whatever happens. */
  putFor(seconds: number, key: string): Promise<void>
  /** How many keys begin so. */
  count(prefix: string): Promise<number>
  members(): Promise<EtcdMember[]>
  /** Adds a member that begins as a learner. Gives all members. */
  addLearner(peerUrl: string): Promise<EtcdMember[]>
  /** Gives a learner its voice; etcd refuses while it does not know everything yet. */
  promote(id: string): Promise<void>
  /** Takes a member out. One that is none any more is none: the store may have done it before its answer was awaited in vain. */
  removeMember(id: string): Promise<void>
  /** Asks one member how it is. */
  status(url: string): Promise<EtcdStatus>
  /** Has the member that leads hand over to another one. */
  handLeadTo(url: string, id: string): Promise<void>
  close(): void
}

const Range = z.object({
  kvs: z.array(z.object({ value: z.base64().default(''), mod_revision: z.string() })).default([]),
})
const Members = z.object({
  members: z
    .array(
      z
        .object({
          ID: z.string(),
          name: z.string().default(''),
          peerURLs: z.array(z.string()),
          clientURLs: z.array(z.string()).default([]),
          isLearner: z.boolean().default(false),
        })
        .transform(({ ID: id, name, peerURLs: peerUrls, clientURLs: clientUrls, isLearner }) => ({
          id,
          name,
          peerUrls,
          clientUrls,
          isLearner,
        })),
    )
    .default([]),
})
const Status = z
  .object({
    header: z.object({ member_id: z.string() }),
    leader: z.string().optional(),
    isLearner: z.boolean().default(false),
  })
  .transform(({ header, leader, isLearner }) => ({ id: header.member_id, leader, isLearner }))
const Lease = z.object({ ID: z.string() })
const Count = z.object({ count: z.coerce.number().default(0) })
const Txn = z.object({ succeeded: z.boolean().default(false) })

/** A member answered, and did not do it. */
class Refused extends Error {
  readonly statusCode: number

  constructor(path: string, statusCode: number, answer: string) {
    super(`etcd answered ${path} with ${statusCode}: ${answer.slice(0, 200)}`)
    this.statusCode = statusCode
  }
}

const isNotFound = (error: unknown) => error instanceof Refused && error.statusCode === 404

/** One member of three may be away: its turn must be short. */
const TIMEOUT_MS = 1_000

const encode = (textOf: string) => Buffer.from(textOf).toString('base64')

/** What comes right after all keys that begin so. */
const after = (prefix: string) =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

/** A client over etcd's own JSON gateway, which Patroni uses too. */
export function makeEtcdClient(place: EtcdPlace): EtcdClient {
  const { ca, cert, key } = place
  const agent = new Agent({ keepAlive: true, ca, cert, key })
  const call = async (path: string, body: object): Promise<unknown> => {
    let last: unknown
    for (const url of place.urls) {
      try {
        return await post(agent, new URL(path, url), JSON.stringify(body))
      } catch (error) {
        // What is not there is at no other member either.
        if (isNotFound(error)) throw error
        last = error
      }
    }
    throw last
  }
  return {
    get: async (name) => {
      const [found] = Range.parse(await call('/v3/kv/range', { key: encode(name) })).kvs
      if (found === undefined) return undefined
      return { value: Buffer.from(found.value, 'base64').toString(), revision: found.mod_revision }
    },
    deleteExactly: async (name, { value, revision }) => {
      const encoded = encode(name)
      const compare = [
        { key: encoded, target: 'MOD', result: 'EQUAL', mod_revision: revision },
        { key: encoded, target: 'VALUE', result: 'EQUAL', value: encode(value) },
      ]
      const success = [{ request_delete_range: { key: encoded } }]
      return Txn.parse(await call('/v3/kv/txn', { compare, success })).succeeded
    },
    putFor: async (seconds, name) => {
      const { ID: lease } = Lease.parse(await call('/v3/lease/grant', { TTL: seconds }))
      await call('/v3/kv/put', { key: encode(name), lease })
    },
    count: async (prefix) => {
      const range = { key: encode(prefix), range_end: encode(after(prefix)), count_only: true }
      return Count.parse(await call('/v3/kv/range', range)).count
    },
    members: async () => Members.parse(await call('/v3/cluster/member/list', { linearizable: true })).members,
    addLearner: async (peerUrl) => {
      const wanted = { peerURLs: [peerUrl], isLearner: true }
      return Members.parse(await call('/v3/cluster/member/add', wanted)).members
    },
    promote: async (id) => {
      await call('/v3/cluster/member/promote', { ID: id })
    },
    removeMember: async (id) => {
      await call('/v3/cluster/member/remove', { ID: id }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
    },
    status: async (url) => Status.parse(await post(agent, new URL('/v3/maintenance/status', url), '{}')),
    handLeadTo: async (url, id) => {
      const body = JSON.stringify({ targetID: id })
      await post(agent, new URL('/v3/maintenance/transfer-leadership', url), body)
    },
    close: () => agent.destroy(),
  }
}

function post(agent: Agent, url: URL, body: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request(url, { agent, method: 'POST', headers, timeout: TIMEOUT_MS }, (response) => {
      text(response).then((answer) => {
        const { statusCode = 0 } = response
        if (statusCode === 200) resolve(JSON.parse(answer))
        else reject(new Refused(url.pathname, statusCode, answer))
      }, reject)
    })
    call.on('timeout', () => call.destroy(new Error(`etcd at ${url.host} does not answer`)))
    call.on('error', reject)
    call.end(body)
  })
}
