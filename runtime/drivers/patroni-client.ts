import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
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
const TIMEOUT_MS = 2_000

/** Asks the members of the pair, one after the other, for the cluster; undefined when none answers. */
export async function readCluster(
  members: ReadonlyArray<{ readonly url: string }>,
  caFile: string,
): Promise<PatroniMember[] | undefined> {
  const ca = await readFile(caFile, 'utf8')
  for (const { url } of members) {
    const found = await askOne(new URL('/cluster', url), ca).catch(() => undefined)
    if (found !== undefined) return found
  }
  return undefined
}

function askOne(url: URL, ca: string): Promise<PatroniMember[]> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ca, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(Cluster.parse(JSON.parse(Buffer.concat(chunks).toString())).members)
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
