import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Fleet } from '#contract/fleet.ts'
import { AGENT_PORT, CONTROL_NAME, type HostAddress, nextNameOf } from '#contract/host-identity.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Credentials, HostMembership } from './membership.ts'
import { type AgentServerDeps, serveAgent } from './server.ts'

/** The host's address may come later than the agent, with the network. */
const LISTEN_AGAIN_MS = 2_000

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
 * A control plane is on a host of the installation: the certificate of one that was on a removed host is good for years. A host that
 * was never told of any goes by the certificate alone, or nobody could tell it.
 */
const isFromHost = (socket: TLSSocket, { hosts }: Fleet) =>
  hosts.length === 0 || hosts.some(({ address }) => address === socket.remoteAddress)

/** Listens at the host's address, from when it has it. */
export function listenForControl(
  server: Server,
  membership: HostMembership,
  where: { readonly address: HostAddress; readonly port?: number },
  log: Log,
): ControlListener {
  const closed = new AbortController()
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (isFromHost(socket, membership.fleet())) return
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
