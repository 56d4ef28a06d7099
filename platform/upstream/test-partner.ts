import { createHmac, timingSafeEqual } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SIGNATURE_HEADER, WebhookBody } from '#contract/upstream.ts'
import { openAuthority } from '#platform/trust/index.ts'

export const SECRET = 'agreed-by-letter'

/** A mitigation partner: a real HTTPS server that looks at the signature before anything else. */
export interface Partner {
  readonly url: string
  readonly rootPem: string
  /** What came with a good signature, also what was not acknowledged then. */
  readonly told: WebhookBody[]
  /** How often something came without one. */
  forged(): number
  /** Answers with this status from now on. */
  answer(status: number): void
  close(): Promise<void>
}

/** Makes it, with a certificate of an authority of its own. */
export async function makePartner(): Promise<Partner> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-test-partner-'))
  const authority = await openAuthority(folder, 'Partner')
  const { certPem, keyPem } = await authority.issue({
    ...{ commonName: 'partner', dnsNames: ['partner.test'], addresses: ['127.0.0.1'], days: 1 },
  })
  const told: WebhookBody[] = []
  let [status, forged] = [200, 0]
  const server = createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const isGood = isSigned(String(request.headers[SIGNATURE_HEADER]), text)
    if (isGood) told.push(WebhookBody.parse(JSON.parse(text)))
    else forged += 1
    response.writeHead(isGood ? status : 401).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `https://127.0.0.1:${port}/drop`, rootPem: authority.rootPem, told },
    forged: () => forged,
    answer: (next) => {
      status = next
    },
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
}

/** As a partner would check it: the time, too, so that nobody sends an old one again. */
function isSigned(header: string, body: string): boolean {
  const [, seconds = '', hex = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? []
  const isFresh = Math.abs(Date.now() / 1_000 - Number(seconds)) < 300
  const mine = createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest()
  const theirs = Buffer.from(hex, 'hex')
  return isFresh && mine.length === theirs.length && timingSafeEqual(mine, theirs)
}
