import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { MaruError } from '#contract/errors.ts'
import { HOST_LIMITS, type Invitation, type InvitationRequest } from '#contract/hosts.ts'
import { urlOf } from '#contract/installation.ts'
import { hashSecret, newSecret } from '#platform/accounts/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { replaceInvitation } from './invitation-store.ts'
import { findMember } from './store.ts'

/** As long as nobody can make another root certificate that begins like this. */
const FINGERPRINT_DIGITS = 32

/** Makes a one-time link with which a host of this name joins. */
export async function invite(deps: ServerDeps, request: InvitationRequest): Promise<Invitation> {
  const { config, db, now } = deps
  const dataCentre = request.dataCentre ?? config.host.dataCentre
  const secret = newSecret()
  const expiresAt = new Date(now().getTime() + HOST_LIMITS.invitationMinutes * 60_000)
  await transact(db, async (tx) => {
    if ((await findMember(tx, request.name)) !== undefined)
      throw new MaruError('hosts.name_taken', { host: request.name })
    await replaceInvitation(tx, {
      secret_hash: hashSecret(secret),
      name: request.name,
      data_centre: dataCentre,
      role: request.role,
      expires_at: expiresAt,
    })
  })
  const root = new X509Certificate(await readFile(config.caFile))
  const fingerprint = root.fingerprint256.replaceAll(':', '').toLowerCase().slice(0, FINGERPRINT_DIGITS)
  // The domain is for verifying; a new host may be in a network where it means nothing yet.
  const link = `${urlOf(config.installation)}/join#${secret}.${fingerprint}@${config.host.address}`
  return {
    name: request.name,
    dataCentre,
    role: request.role,
    link,
    command: `./maru host join '${link}'`,
    expiresAt: expiresAt.toISOString(),
  }
}
