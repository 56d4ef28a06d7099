import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { AGENT_PORT, CONTROL_NAME, type HostAddress, nextNameOf } from '#contract/host-identity.ts'
import { isAllowedTo } from '#platform/network/judge.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Credentials } from './membership.ts'
import { type AgentServerDeps, serveAgent } from './server.ts'

/** The host's address may come later than the agent, with the network. */
const LISTEN_AGAIN_MS = 2_000

type ListenDeps = Pick<AgentServerDeps, 'membership' | 'standing' | 'log'>

export interface ControlListener {
  close(): void
}

const settingsOf = ({ cert, key, ca }: Credentials) => ({ cert, key, ca, minVersion: 'TLSv1.3' as const })

/** Only the control plane: a good certificate of the installation with another name is as bad as none. */
const isControl = (socket: TLSSocket) => {
  const name = { subject: 'never' as const, wildcards: false }
  return socket.authorized && socket.getPeerX509Certificate()?.checkHost(CONTROL_NAME, name) !== undefined
}

/** Makes the agent's API for the control plane, over TLS that both sides prove themselves in. */
export function makeControlServer(deps: AgentServerDeps, credentials: Credentials): Server {
  const mutual = { requestCert: true, rejectUnauthorized: true, requestTimeout: 0 }
  const server = createServer({ ...settingsOf(credentials), ...mutual })
  // Before the HTTP server hears of the connection.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (isControl(socket)) return
    deps.log.warn('agent.caller_refused', { source: socket.remoteAddress ?? '' })
    socket.destroy()
  })
  server.on('request', () => deps.membership.seen(new Date()))
  serveAgent(server, deps)
  const { membership } = deps
  membership.onRenewed((renewed) => {
    server.setSecureContext(settingsOf(renewed))
    deps.log.info('agent.certificate_renewed')
  })
  // The key in use goes on answering to the host's name; the next one answers to who asks for it.
  const offer = (next: Credentials) =>
    server.addContext(nextNameOf(membership.about().host.name), settingsOf(next))
  const waiting = membership.next()
  if (waiting !== null) offer(waiting)
  membership.onNext(offer)
  return server
}

/**
 * A control plane is on a host of the installation: the certificate of one that was on a removed host is good for years. One that is
 * seen by another address than its host's is let in by a rule. A host that was never told of any host goes by the certificate alone, or
 * nobody could tell it.
 */
function mayComeFrom(from: string | undefined, { membership, standing }: ListenDeps): boolean {
  const { hosts } = membership.fleet()
  if (hosts.length === 0 || hosts.some(({ address }) => address === from)) return true
  const asked = { protocol: 'tcp', port: AGENT_PORT } as const
  return from !== undefined && isAllowedTo(standing().rules, 'agent', { from, ...asked })
}

/** Listens at the host's address, from when it has it. */
export function listenForControl(
  server: Server,
  deps: ListenDeps,
  where: { readonly address: HostAddress; readonly port?: number },
): ControlListener {
  const { membership, log } = deps
  const closed = new AbortController()
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (mayComeFrom(socket.remoteAddress, deps)) return
    log.warn('agent.caller_refused', { source: socket.remoteAddress ?? '' })
    socket.destroy()
  })
  const listen = async () => {
    let complained = false
    while (!closed.signal.aborted && !membership.isRemoved()) {
      try {
        server.listen({ host: where.address, port: where.port ?? AGENT_PORT })
        await once(server, 'listening')
        return
      } catch (error) {
        if (!complained) log.warn('agent.cannot_listen', { address: where.address, error })
        complained = true
        await pause(LISTEN_AGAIN_MS, closed.signal)
      }
    }
  }
  void listen()
  return {
    close: () => {
      closed.abort()
      server.close()
      server.closeAllConnections()
    },
  }
}
