import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { MaruError } from '#contract/errors.ts'
import { AGENT_PORT, HostAddress } from '#contract/host-identity.ts'
import type { HostKey } from '#platform/trust/index.ts'

const CONNECT_TIMEOUT_MS = 5_000

/** The address that this machine has on its way to another: where the other will find it. */
export async function addressTowards(host: string, port: number): Promise<HostAddress> {
  const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS })
  socket.once('timeout', () => socket.destroy(new Error('no answer')))
  try {
    await once(socket, 'connect')
    return HostAddress.parse(socket.localAddress)
  } catch (cause) {
    throw new MaruError('unreachable', { what: `The host at ${host}, port ${port},` }, { cause })
  } finally {
    socket.destroy()
  }
}

/**
 * Answers at the agent's port while the host joins, with a certificate that only shows whose key this is: the control
 * plane knocks to see that it can reach what it is about to admit.
 */
export async function answerKnocks(key: HostKey, address: HostAddress): Promise<() => void> {
  const server = createServer({
    cert: await key.selfSigned('joining'),
    key: key.keyPem,
    minVersion: 'TLSv1.3',
  })
  server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()).end())
  server.on('tlsClientError', () => undefined)
  try {
    server.listen({ host: address, port: AGENT_PORT })
    await once(server, 'listening')
  } catch (cause) {
    const reason = `${address}, port ${AGENT_PORT} cannot be listened on (${(cause as NodeJS.ErrnoException).code})`
    throw new MaruError('invalid', { field: '--address', reason }, { cause })
  }
  return () => void server.close()
}
