import { chmod, chown } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentConfig, HOME, SOCKETS, UID } from '#contract/installation.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import type { Credentials } from './membership.ts'
import { listenOn, serveRootSocket } from './root-socket.ts'
import { type AgentServerDeps, makeAgentServer } from './server.ts'
import { listenForControl, makeControlServer } from './tls-server.ts'

/** The ways in: on the first host the control plane is beside the agent, on the others it comes over the network. */
export async function openWays(config: AgentConfig, deps: AgentServerDeps): Promise<{ close(): void }> {
  await ensureFolder(join(config.home, HOME.run), 0o755)
  const credentials = deps.membership.credentials()
  return credentials === null ? openSockets(config, deps) : openToControl(config, deps, credentials)
}

/** TLS for the control plane, and a socket that only root can open. */
async function openToControl(
  { home, host }: AgentConfig,
  deps: AgentServerDeps,
  credentials: Credentials,
): Promise<{ close(): void }> {
  const local = makeAgentServer(deps)
  await listenOn(local, join(home, HOME.run, SOCKETS.host))
  const control = makeControlServer(deps, credentials)
  const listener = listenForControl(control, deps.membership, host, deps.log)
  return {
    close: () => {
      listener.close()
      local.close()
      local.closeAllConnections()
    },
  }
}

/** The API for the control plane (its group may open it) and the socket for root. */
async function openSockets(config: AgentConfig, deps: AgentServerDeps): Promise<{ close(): void }> {
  const run = join(config.home, HOME.run)
  await ensureFolder(join(run, 'agent'), 0o750, { uid: 0, gid: UID.control })
  const server = makeAgentServer(deps)
  const socket = join(run, SOCKETS.agent)
  await listenOn(server, socket)
  await chown(socket, 0, UID.control)
  await chmod(socket, 0o660)
  const root = await serveRootSocket(join(run, SOCKETS.root), join(run, SOCKETS.control), deps.log)
  return {
    close: () => {
      root.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
