import { request } from 'node:https'

export interface HttpsPost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The only root that is believed (PEM); null: those of the system. */
  readonly ca: string | null
  readonly timeoutMs: number
}

/** Posts JSON; gives the status of the answer, whose body nobody reads. Nothing is followed to another address. */
export function postHttps({ url, headers, body, ca, timeoutMs }: HttpsPost): Promise<number> {
  return new Promise((resolve, reject) => {
    const post = request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
      signal: AbortSignal.timeout(timeoutMs),
      // A connection of its own: one that was kept may be dead without anybody knowing.
      agent: false,
      ...(ca === null ? {} : { ca }),
    })
    post.on('response', (response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    post.on('error', reject)
    post.end(body)
  })
}
