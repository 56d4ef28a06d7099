import { chmod, chown, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentConfig, HOME, SOCKETS, UID } from '#contract/installation.ts'
import { controlOn } from '#platform/mesh/index.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import type { Credentials } from './membership.ts'
import { listenOn, serveRootSocket } from './root-socket.ts'
import { type AgentServerDeps, makeAgentServer } from './server.ts'
import { listenForControl, makeControlServer } from './tls-server.ts'

interface Ways {
  close(): void
}

/** The ways in: sockets for a control plane beside the agent and for root, and TLS for a control plane on another host. */
export async function openWays(config: AgentConfig, deps: AgentServerDeps): Promise<Ways> {
  await ensureFolder(join(config.home, HOME.run), 0o755)
  const credentials = deps.membership.credentials()
  return credentials === null ? openFirst(config, deps) : openJoined(config, deps, credentials)
}

/** On the first host there is always a control plane; others come by TLS, from when other hosts have joined. */
async function openFirst(config: AgentConfig, deps: AgentServerDeps): Promise<Ways> {
  const { membership } = deps
  const local = await openSockets(config, deps)
  let others: Ways | undefined
  const open = (credentials: Credentials) => {
    others = listenForControl(makeControlServer(deps, credentials), deps, config.host)
  }
  const shown = membership.shown()
  if (shown !== null) open(shown)
  else membership.onRenewed(open)
  return {
    close: () => {
      others?.close()
      local.close()
    },
  }
}

/** TLS, a socket that only root can open, and while a control plane is here, the sockets for it. */
async function openJoined(
  config: AgentConfig,
  deps: AgentServerDeps,
  credentials: Credentials,
): Promise<Ways> {
  const own = makeAgentServer(deps)
  await listenOn(own, join(config.home, HOME.run, SOCKETS.host))
  const control = keepSockets(config, deps)
  const server = makeControlServer(deps, credentials)
  const listener = listenForControl(server, deps, config.host)
  return {
    close: () => {
      listener.close()
      control.close()
      own.close()
      own.closeAllConnections()
    },
  }
}

/** Opens the sockets when a control plane is placed here, and closes them when it no longer is. */
function keepSockets(config: AgentConfig, deps: AgentServerDeps): Ways {
  let closed = false
  let open: Ways | undefined
  const settle = async () => {
    const isHere = !closed && controlOn(config.host, deps.membership.fleet()) !== undefined
    if (isHere) open ??= await openSockets(config, deps)
    else await closeSockets()
  }
  const closeSockets = async () => {
    open?.close()
    open = undefined
    // One that a dead process left would be asked in vain.
    await rm(join(config.home, HOME.run, SOCKETS.root), { force: true })
  }
  // One after the other: the fleet can change while they are being opened.
  let settling = Promise.resolve()
  const again = () => {
    settling = settling
      .then(settle)
      .catch((error: unknown) => deps.log.warn('agent.sockets_failed', { error }))
  }
  deps.membership.onFleet(again)
  again()
  return {
    close: () => {
      closed = true
      again()
    },
  }
}

/** The API for the control plane (its group may open it) and the socket for root. */
async function openSockets(config: AgentConfig, deps: AgentServerDeps): Promise<Ways> {
  const run = join(config.home, HOME.run)
  await ensureFolder(join(run, 'agent'), 0o750, { uid: 0, gid: UID.control })
  const server = makeAgentServer(deps)
  server.on('request', () => deps.membership.seen(new Date()))
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
