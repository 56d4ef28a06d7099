import { X509Certificate } from 'node:crypto'
import { MaruError } from '#contract/errors.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import { HOST_LIMITS } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import type { AgentAbout, HostRequest } from '#contract/membership.ts'
import { checkCertificateRequest, checkVouched, validityOf } from '#platform/trust/index.ts'
import type { Membership } from '#runtime/drivers/agent-membership.ts'
import { publicKeyHash } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { authorityOf, membershipOf, nextMembershipOf, unverifiedMembershipOf } from './agents.ts'
import { isRenewalDue } from './join-rules.ts'
import { type AskedKey, planKey } from './key-plan.ts'
import { expectKey, setHost, takeKey } from './store.ts'
import type { HostRow } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'db' | 'log' | 'now'>

/** Whether a host's certificate has ended: then only its key says that it is the one. */
export const hasEnded = ({ now }: Pick<Deps, 'now'>, { certificate_expires_at: end }: HostRow): boolean =>
  end !== null && end <= now()

/** Before anything is asked of a host: it has a certificate that is good, and one key. Gives what it is known by now. */
export async function settleKey(deps: Deps, row: HostRow): Promise<HostRow> {
  const isHere = row.name === deps.config.host.name
  if (!isHere && hasEnded(deps, row)) await renew(deps, row, unverifiedMembershipOf(deps, row), false)
  return await confirmKey(deps, row)
}

/** Keeps when the certificate ends that a host shows. When a third of its time is left, there is another one for a new key. */
export async function renewWhenDue(deps: Deps, row: HostRow, { certificate }: AgentAbout): Promise<void> {
  if (certificate === null) return
  const shown = validityOf(certificate)
  if (shown.to.getTime() !== row.certificate_expires_at?.getTime())
    await setHost(deps.db, row.id, { certificate_expires_at: shown.to })
  // The new key is tried in the next round: by then everybody who asks the host anything has read that it may have two.
  if (isRenewalDue(shown, HOST_LIMITS.certificateDays, deps.now()))
    await renew(deps, row, membershipOf(deps, row), true)
}

/**
 * A host's request is signed by a key that is known, or vouched for by one; the certificate is no secret. So it does not matter who
 * carries them, even where the old certificate has ended.
 */
async function renew(deps: Deps, row: HostRow, membership: Membership, forNext: boolean): Promise<void> {
  const request = await membership.certificateRequest(forNext)
  const asked = await checkAsked(request)
  const plan = planKey({ keyHash: row.key_hash, nextKeyHash: row.next_key_hash }, asked)
  if (plan.kind === 'refuse')
    throw new MaruError('hosts.not_itself', { host: row.name, address: row.address, reason: plan.reason })
  if (plan.kind === 'expect') await expectKey(deps.db, row, plan.nextKeyHash)
  const where = { host: row.name as HostName, address: row.address as HostAddress }
  const certificate = await authorityOf(deps).sign({ request: request.request, ...where })
  const expiresAt = await membership.setCertificate(certificate)
  if (!forNext) await setHost(deps.db, row.id, { certificate_expires_at: new Date(expiresAt) })
  deps.log.info('fleet.certificate_renewed', { host: row.name, keyHash: asked.keyHash, expiresAt })
}

async function checkAsked({ request, vouched }: HostRequest): Promise<AskedKey> {
  const { keyHash } = await checkCertificateRequest(request)
  if (vouched === null) return { keyHash, vouchedBy: null }
  const word = await checkVouched(vouched)
  return { keyHash, vouchedBy: word.request === request ? word.byKeyHash : null }
}

/**
 * Tries the key that a host has named. When it has answered with it, the old one is worth nothing any more: first there, then here.
 * A host that has no certificate for it yet answers with the old one, which is not believed here, and goes on with it.
 */
async function confirmKey(deps: Deps, row: HostRow): Promise<HostRow> {
  const { key_hash: old, next_key_hash: next } = row
  if (next === null) return row
  try {
    await nextMembershipOf(deps, row).useKey(next)
  } catch (error) {
    if (error instanceof MaruError && ['hosts.not_itself', 'invalid'].includes(error.code)) return row
    throw error
  }
  await takeKey(deps.db, row, next)
  deps.log.info('fleet.key_replaced', { host: row.name, old, keyHash: next })
  return { ...row, key_hash: next, next_key_hash: null }
}

/** The first host gives itself its first key; the control plane that is on the same host vouches for it to the others. */
export async function noteKey(
  { config, db }: Pick<Deps, 'config' | 'db'>,
  row: HostRow,
  { certificate }: AgentAbout,
): Promise<HostRow> {
  if (!row.is_first || row.name !== config.host.name || certificate === null) return row
  const keyHash = publicKeyHash(new X509Certificate(certificate))
  if (keyHash === row.key_hash || keyHash === row.next_key_hash) return row
  await setHost(db, row.id, { key_hash: keyHash, next_key_hash: null })
  return { ...row, key_hash: keyHash, next_key_hash: null }
}
