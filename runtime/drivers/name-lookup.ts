import { Resolver } from 'node:dns/promises'

/** One address that a name means, and for how long. */
export interface NameAnswer {
  readonly address: string
  readonly ttlS: number
}

const TIMEOUT_MS = 2_000
/** There is no such name, or it has no address: that is an answer. */
const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

/** Asks the host's name servers for the IPv4 addresses of a name. A server that does not answer is an error. */
export async function lookUpName(name: string): Promise<NameAnswer[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 })
  try {
    return (await resolver.resolve4(name, { ttl: true })).map(({ address, ttl }) => ({ address, ttlS: ttl }))
  } catch (error) {
    if (NOTHING.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
