import { Resolver } from 'node:dns/promises'

const TIMEOUT_MS = 2_000
/** There is no such name, or it has no address: that is an answer. */
const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

/** Asks the host's name servers for the IPv4 addresses of a name. A server that does not answer is an error. */
export async function lookUpName(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 })
  try {
    return await resolver.resolve4(name)
  } catch (error) {
    if (NOTHING.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** So long a name server that is on this machine may take. */
const NEAR_MS = 500

/** Whether a name server says that a name has an address. */
export async function answersName(server: string, name: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: NEAR_MS, tries: 1 })
  resolver.setServers([server])
  try {
    return (await resolver.resolve4(name)).length > 0
  } catch {
    return false
  }
}
