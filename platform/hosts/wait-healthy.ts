import { request } from 'node:https'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { addressesOf, HOME, type Installation, POSTGRES_HOST, SOCKETS } from '#contract/installation.ts'
import { platformRoutes } from '#contract/platform.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { pollUntil } from './poll.ts'

const TIMEOUT_MS = 120_000

export interface Place {
  readonly installation: Installation
  readonly home: string
  readonly rootPem: string
}

export interface PatroniMember {
  readonly name: string
  readonly role: string
  readonly state: string
  readonly lag?: number | string
  /** Settings have changed that count from its next start on. */
  readonly pending_restart?: boolean
}

/** One GET over TLS that is verified against the installation's root; the body is JSON. */
async function getJson(target: {
  host: string
  port: number
  path: string
  name: string
  rootPem: string
}): Promise<{ status: number; body: unknown }> {
  const { host, port, path, name, rootPem } = target
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host,
        port,
        path,
        ca: rootPem,
        servername: name,
        headers: { host: name },
        timeout: 2000,
        agent: false,
      },
      (response) => {
        json(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      },
    )
    call.on('timeout', () => call.destroy(new Error(`${name} does not answer`)))
    call.on('error', reject)
    call.end()
  })
}

/** What Patroni says about the pair; from the first member that answers, undefined when none does. */
export async function readDatabasePair(place: Place): Promise<PatroniMember[] | undefined> {
  const { postgres, patroniPort } = addressesOf(place.installation)
  for (const host of postgres) {
    try {
      const target = {
        host,
        port: patroniPort,
        path: '/cluster',
        name: POSTGRES_HOST,
        rootPem: place.rootPem,
      }
      const { body } = await getJson(target)
      return (body as { members?: PatroniMember[] }).members ?? []
    } catch {
      // The other member knows as much.
    }
  }
  return undefined
}

/** Whether the platform answers at its own address, through the edge. */
export async function platformAnswers({ installation, rootPem }: Place): Promise<boolean> {
  const { https } = installation.ports
  const target = { host: '127.0.0.1', port: https, path: '/health', name: installation.domain, rootPem }
  return (await getJson(target)).status === 200
}

/** Whether the host agent lives: root's socket is its own, and leads through it to the control plane. */
async function agentAnswers(home: string): Promise<boolean> {
  const path = join(home, HOME.run, SOCKETS.root)
  const client = makeClient({ kind: 'socket', path }, { patience: { answerMs: 2000, retryMs: 0 } })
  try {
    return (await client.call(platformRoutes.health, {})).ok
  } finally {
    client.close()
  }
}

/** Waits until the pair is synchronous, the platform answers over HTTPS and the host agent on its socket. */
export async function waitUntilHealthy(place: Place): Promise<void> {
  const log = join(place.home, HOME.logs)
  const request = { timeoutMs: TIMEOUT_MS, everyMs: 250, log }
  await pollUntil({ ...request, what: 'Waiting for the second database' }, async () => {
    const members = await readDatabasePair(place)
    return members?.some(({ role, state }) => role === 'sync_standby' && state === 'streaming') || undefined
  })
  const { name } = place.installation
  const control = {
    ...request,
    what: 'Waiting for the platform to answer',
    log: `\`docker logs ${name}-control\``,
  }
  await pollUntil(control, async () => (await platformAnswers(place)) || undefined)
  const agent = { ...request, what: 'Waiting for the host agent', log: `\`docker logs ${name}-agent\`` }
  await pollUntil(agent, async () => (await agentAnswers(place.home)) || undefined)
}
