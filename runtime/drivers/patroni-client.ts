import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

const Member = z.object({
  name: z.string(),
  role: z.string(),
  state: z.string(),
  lag: z.union([z.number(), z.literal('unknown')]).optional(),
})
/** A member of the pair as Patroni sees it. */
export type PatroniMember = z.infer<typeof Member>

const Cluster = z.object({ members: z.array(Member) })

/** A change of the leader: number of the timeline that ended, where, why, when, and who led from then on. */
const HistoryLine = z
  .tuple([z.number(), z.union([z.number(), z.string()]), z.string()])
  .rest(z.string().nullable())
  .transform(([timeline, , reason, at, leader]) => ({
    timeline,
    reason,
    at: at ?? null,
    leader: leader ?? null,
  }))
export type PatroniChange = z.infer<typeof HistoryLine>

const Self = z.object({
  server_version: z.number().optional(),
  patroni: z.object({ version: z.string() }),
  dcs_last_seen: z.number().optional(),
})
/** What a member says about itself: the number of its server's version, such as 170006, and when it heard of the store. */
export type PatroniSelf = z.infer<typeof Self>

type Members = ReadonlyArray<{ readonly url: string }>
const TIMEOUT_MS = 2_000

/** Asks the members of the pair, one after the other, for the cluster; undefined when none answers. */
export async function readCluster(members: Members, caFile: string): Promise<PatroniMember[] | undefined> {
  return (await askAny(members, '/cluster', caFile, Cluster))?.members
}

/** Every change of the leader that the cluster remembers, oldest first; undefined when nobody answers. */
export async function readHistory(members: Members, caFile: string): Promise<PatroniChange[] | undefined> {
  return await askAny(members, '/history', caFile, z.array(HistoryLine))
}

/** What the first member that answers says about itself. */
export async function readSelf(members: Members, caFile: string): Promise<PatroniSelf | undefined> {
  return await askAny(members, '/patroni', caFile, Self)
}

/** What a member's keeper took for the time when it last heard of the cluster's store, about a second ago. */
export async function readClock(url: string, caFile: string): Promise<Date | undefined> {
  const seconds = (await readSelf([{ url }], caFile))?.dcs_last_seen
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}

async function askAny<T extends z.ZodType>(
  members: Members,
  path: string,
  caFile: string,
  schema: T,
): Promise<z.infer<T> | undefined> {
  const ca = await readFile(caFile, 'utf8')
  for (const { url } of members) {
    const found = await askOne(new URL(path, url), ca, schema).catch(() => undefined)
    if (found !== undefined) return found
  }
  return undefined
}

/** A certificate of the installation (PEM): whoever changes something at a member has to show one. */
export interface PatroniPass {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Lets a member throw its data away and copy it anew from the primary; Patroni refuses while it leads. */
export const reinitialize = (url: string, pass: PatroniPass): Promise<void> =>
  // A start that fails again and again is work under way, which only force ends.
  change(new URL('/reinitialize', url), { force: true }, pass, TIMEOUT_MS)

/** How long a planned change of the leader may take; Patroni answers when it is done. */
const SWITCHOVER_TIMEOUT_MS = 30_000

/** Has the leader hand over to another member, which loses nothing and no connection for longer than seconds. */
export const switchOver = (
  url: string,
  members: { readonly leader: string; readonly candidate: string },
  pass: PatroniPass,
): Promise<void> => change(new URL('/switchover', url), members, pass, SWITCHOVER_TIMEOUT_MS)

function change(target: URL, body: object, pass: PatroniPass, timeout: number): Promise<void> {
  const how = { ...pass, method: 'POST', timeout, agent: false } as const
  return new Promise((resolve, reject) => {
    const call = request(target, how, (response) => {
      text(response).then((answer) => {
        const { statusCode } = response
        if (statusCode === 200) resolve()
        else reject(new Error(`${target.host} answered ${statusCode}: ${answer.slice(0, 200)}`))
      }, reject)
    })
    call.on('timeout', () => call.destroy(new Error(`${target.host} did not answer within ${timeout} ms`)))
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}

function askOne<T extends z.ZodType>(url: URL, ca: string, schema: T): Promise<z.infer<T>> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ca, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(schema.parse(JSON.parse(Buffer.concat(chunks).toString())))
        } catch (error) {
          reject(error)
        }
      })
    })
    call.on('timeout', () => call.destroy(new Error(`${url.host} did not answer within ${TIMEOUT_MS} ms`)))
    call.on('error', reject)
    call.end()
  })
}
