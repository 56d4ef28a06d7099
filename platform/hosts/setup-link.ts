import { join } from 'node:path'
import { accountRoutes } from '#contract/accounts.ts'
import { HOME, type Installation, SOCKETS, urlOf } from '#contract/installation.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { exists, writeFileAtomic } from '#runtime/drivers/files.ts'
import { pollUntil } from './poll.ts'

export interface SetupLinkRequest {
  readonly installation: Installation
  readonly home: string
  /** SHA-256 of the root certificate, hex. */
  readonly fingerprint: string
}

/** Remembers that a link was shown: later runs of `up` print none by themselves. */
const markerOf = (home: string) => join(home, HOME.secrets, 'setup-link-shown')
const FINGERPRINT_LENGTH = 16

/** A set-up link for the first operator, on the first `up` only; null later. */
export async function newSetupLink(request: SetupLinkRequest): Promise<string | null> {
  if (await exists(markerOf(request.home))) return null
  const socket = join(request.home, HOME.run, SOCKETS.root)
  const link = await pollUntil(
    { what: 'Making the set-up link', timeoutMs: 30_000, log: join(request.home, HOME.logs) },
    async () => ((await exists(socket)) ? makeSetupLink(request) : undefined),
  )
  await writeFileAtomic(markerOf(request.home), '')
  return link
}

/** Asks the control plane for a new link; the one before stops working. */
export async function makeSetupLink({ installation, home, fingerprint }: SetupLinkRequest): Promise<string> {
  const client = makeClient({ kind: 'socket', path: join(home, HOME.run, SOCKETS.root) })
  try {
    const { token } = await client.call(accountRoutes.setupLink, {})
    return `${urlOf(installation)}/setup#${token}.${fingerprint.slice(0, FINGERPRINT_LENGTH)}`
  } finally {
    client.close()
  }
}
