import { readFile } from 'node:fs/promises'
import { MaruError } from '#contract/errors.ts'
import type { HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import type { ControlConfig } from '#contract/installation.ts'
import { type Agents, makeAgentClient } from '#runtime/drivers/agent-client.ts'
import { type Membership, makeMembership } from '#runtime/drivers/agent-membership.ts'
import {
  type AgentWay,
  type ControlCertificate,
  type JoinedHost,
  nextKeyWay,
  socketWay,
  tlsWay,
  unverifiedWay,
} from '#runtime/drivers/agent-transport.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { findMember } from './store.ts'
import type { HostRow } from './tables.ts'

type Base = Pick<ServerDeps, 'config' | 'db'>

/** The agents of all hosts: the own host's is behind a socket, the others' behind TLS that both sides prove themselves in. */
export function makeAgents({ config, db }: Base): Agents {
  const first = makeAgentClient(config.agentSocket)
  return {
    first,
    of: (host) => (host === config.host.name ? first : makeAgentClient(() => wayTo({ config, db }, host))),
  }
}

/** Where a host is and what its key is may change while a client of it is kept. */
async function wayTo({ config, db }: Base, host: HostName) {
  const row = await read(() => findMember(db, host))
  if (row === undefined) throw new MaruError('hosts.not_found', { host })
  return tlsWay(joinedHost(row), await loadControlCertificate(config))
}

type Transport = (to: JoinedHost, control: ControlCertificate) => AgentWay

/** The part of a host's agent that is about belonging together. */
export const membershipOf = (deps: Pick<Base, 'config'>, row: HostRow, signal?: AbortSignal): Membership =>
  membershipBy(deps, row, tlsWay, signal)

/** The same for a host whose certificate has ended: what it says must prove itself. */
export const unverifiedMembershipOf = ({ config }: Pick<Base, 'config'>, row: HostRow): Membership =>
  makeMembership(async () => unverifiedWay(joinedHost(row), await loadControlCertificate(config)))

/** The same for a host that answers with its next key, and with no other. */
export const nextMembershipOf = (deps: Pick<Base, 'config'>, row: HostRow): Membership =>
  membershipBy(deps, row, nextKeyWay)

function membershipBy(
  { config }: Pick<Base, 'config'>,
  row: HostRow,
  transport: Transport,
  signal?: AbortSignal,
): Membership {
  if (row.name === config.host.name) return makeMembership(socketWay(config.agentSocket), signal)
  return makeMembership(async () => transport(joinedHost(row), await loadControlCertificate(config)), signal)
}

/** Who signs and seals: the agent beside this control plane, which has the authority's key and all secrets with it. */
export const authorityOf = ({ config }: Pick<Base, 'config'>, signal?: AbortSignal): Membership =>
  makeMembership(socketWay(config.agentSocket), signal)

const joinedHost = ({ name, address, key_hash, next_key_hash }: HostRow): JoinedHost => ({
  host: name as HostName,
  address: address as HostAddress,
  keyHash: key_hash ?? '',
  nextKeyHash: next_key_hash,
})

/** The control plane's own certificate. It is read again each time: `maru up` renews it. */
export async function loadControlCertificate({ listen, caFile }: ControlConfig): Promise<ControlCertificate> {
  const [ca, cert, key] = await Promise.all(
    [caFile, listen.certFile, listen.keyFile].map((file) => readFile(file, 'utf8')),
  )
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' }
}
