import { createHmac } from 'node:crypto'
import { SIGNATURE_HEADER, WebhookBody, type WebhookSettings } from '#contract/upstream.ts'
import { postHttps } from '#runtime/drivers/https-post.ts'

const TIMEOUT_MS = 10_000

/** What proves that a body is ours, and how old it is: `t=SECONDS,v1=HEX`. */
export function signatureOf(secret: string, body: string, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1_000)
  const hex = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${hex}`
}

/** Tells a partner; gives what is wrong in words, empty where it acknowledged. */
export async function tellPartner(
  { url, ca }: Pick<WebhookSettings, 'url' | 'ca'>,
  secret: string,
  said: WebhookBody,
  now: Date,
): Promise<string> {
  const body = JSON.stringify(WebhookBody.parse(said))
  const headers = { [SIGNATURE_HEADER]: signatureOf(secret, body, now) }
  try {
    const status = await postHttps({ url, ca, headers, body, timeoutMs: TIMEOUT_MS })
    return status >= 200 && status < 300 ? '' : `it answered with ${status}`
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return error instanceof Error && error.name === 'TimeoutError'
      ? 'it did not answer within 10 seconds'
      : `it could not be reached (${code || String(error)})`
  }
}
