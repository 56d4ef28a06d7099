import { readFile } from 'node:fs/promises'
import { MaruError } from '#contract/errors.ts'
import { AGENT_PORT, type HostAddress, HostIdentity } from '#contract/host-identity.ts'
import { HOST_LIMITS, type InvitationView, type JoinAnswer, type JoinRequest } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import { hashSecret } from '#platform/accounts/index.ts'
import { checkCertificateRequest, validityOf } from '#platform/trust/index.ts'
import { keyHashAt } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { authorityOf } from './agents.ts'
import { findInvitation, takeInvitation } from './invitation-store.ts'
import { checkMachine } from './join-rules.ts'
import { addHost, listMembers, loadFleet } from './store.ts'
import { listSharedAddresses } from './store-addresses.ts'
import type { InvitationRow } from './tables.ts'

const PROBE_TIMEOUT_MS = 5_000

type Machine = Pick<JoinRequest, 'token' | 'version' | 'clock'>

/** What an invitation is for. The machine is judged already, so that it learns early what is wrong with it. */
export async function lookAtInvitation(deps: ServerDeps, machine: Machine): Promise<InvitationView> {
  const { name, data_centre, role } = await openInvitation(deps, machine)
  const { installation } = deps.config
  return { installation, name, dataCentre: data_centre, role } as InvitationView
}

/**
 * Takes an invitation. Everything is checked before anything is changed; invitation and host then change in one
 * transaction, so that a used invitation and a host are the same thing.
 */
export async function join(deps: ServerDeps, request: JoinRequest): Promise<JoinAnswer> {
  const { config, db, now } = deps
  const invitation = await openInvitation(deps, request)
  const { keyHash } = await checkCertificateRequest(request.request)
  if (invitation.taken_by !== null && invitation.taken_by !== keyHash)
    throw new MaruError('hosts.invitation_invalid')
  const host = HostIdentity.parse({
    name: invitation.name,
    dataCentre: invitation.data_centre,
    role: invitation.role,
    address: request.address,
    first: false,
  })
  await checkAddress(deps, host)
  await checkReach(request.address, keyHash)
  const signing = { request: request.request, host: host.name, address: host.address }
  const certificate = await authorityOf(deps).sign(signing)
  const added = { host, keyHash, version: request.version, certificateExpiresAt: validityOf(certificate).to }
  await transact(db, async (tx) => {
    if (!(await takeInvitation(tx, hashSecret(request.token), keyHash, now())))
      throw new MaruError('hosts.invitation_invalid')
    if (!(await addHost(tx, added, now()))) throw new MaruError('hosts.name_taken', { host: host.name })
  })
  deps.log.info('fleet.joined', {
    host: host.name,
    dataCentre: host.dataCentre,
    address: host.address,
    keyHash,
  })
  const fleet = await read(() => loadFleet(db))
  return {
    installation: config.installation,
    host,
    certificate,
    root: await readFile(config.caFile, 'utf8'),
    fleet,
  }
}

async function openInvitation({ config, db, now }: ServerDeps, machine: Machine): Promise<InvitationRow> {
  const invitation = await read(() => findInvitation(db, hashSecret(machine.token), now()))
  if (invitation === undefined) throw new MaruError('hosts.invitation_invalid')
  checkMachine(machine, { version: config.version, now: now(), skewS: HOST_LIMITS.clockSkewS })
  return invitation
}

/** Two hosts at one address would be told each other's states. */
async function checkAddress({ db }: ServerDeps, { name, address }: HostIdentity): Promise<void> {
  const other = (await read(() => listMembers(db))).find(
    (row) => row.address === address && row.name !== name,
  )
  if (other !== undefined)
    throw new MaruError('hosts.address_taken', { host: other.name as HostName, address })
  const shared = (await read(() => listSharedAddresses(db))).find((one) => one.address === address)
  if (shared !== undefined) throw new MaruError('hosts.address_shared', shared)
}

/** The new host answers with its key at the port where its agent will be: what cannot be reached now never could. */
async function checkReach(address: HostAddress, keyHash: string): Promise<void> {
  const refuse = (reason: string, cause?: unknown) =>
    new MaruError('hosts.cannot_reach', { address, port: AGENT_PORT, reason }, { cause })
  const found = await keyHashAt({ host: address, port: AGENT_PORT, timeoutMs: PROBE_TIMEOUT_MS }).catch(
    (error: NodeJS.ErrnoException) => {
      throw refuse(error.code === 'ETIMEDOUT' ? 'nothing answers' : error.message, error)
    },
  )
  if (found !== keyHash) throw refuse('another machine answers there')
}
