import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MaruError } from '#contract/errors.ts'
import { UPGRADE } from './streams.ts'

export interface Upgrade {
  readonly socket: Duplex
  readonly head: Buffer
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>()

/** Only our own protocol is an upgrade; any other (h2c, websocket) is served as an ordinary request. */
export const isUpgrade = (request: IncomingMessage): boolean =>
  request.headers.upgrade?.toLowerCase() === UPGRADE

/**
 * Sends upgrade requests through Fastify like every other, so that the same code authorizes them. A refusal is
 * written as an ordinary answer and the connection ends; an admitted one is taken over by its handler.
 */
export function acceptUpgrades(server: Server, fastify: FastifyInstance): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrades.set(request, { socket, head })
    socket.on('error', () => socket.destroy())
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket as never)
    response.on('finish', () => socket.end())
    fastify.routing(request, response)
  })
}

/** The connection of an upgrade request; a caller that did not ask for the upgrade is told to. */
export function upgradeOf(request: FastifyRequest): Upgrade {
  const upgrade = upgrades.get(request.raw)
  if (!upgrade) throw new MaruError('invalid', { field: 'upgrade', reason: `must be ${UPGRADE}` })
  return upgrade
}
