import { join } from 'node:path'
import { HOME, urlOf } from '#contract/installation.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { readText } from '#runtime/drivers/files.ts'
import { requireInstallation } from './down.ts'
import { DOCKER_SOCKET, gatherFacts } from './host-facts.ts'
import { type Check, judgeHost } from './preflight.ts'
import { type PatroniMember, platformAnswers, readDatabasePair } from './wait-healthy.ts'

export interface LocalComponent {
  readonly component: string
  readonly state: 'ok' | 'starting' | 'degraded' | 'down'
  readonly detail: string
  readonly memoryBytes: number | null
}

export interface LocalStatus {
  readonly installation: string
  readonly home: string
  readonly url: string
  /** Whether the platform answers at its address. */
  readonly answers: boolean
  readonly components: readonly LocalComponent[]
  readonly memoryBytes: number
}

const COMPONENTS = ['etcd', 'postgres-1', 'postgres-2', 'pgproxy', 'control', 'edge', 'agent'] as const

/** What root on the host can see without the control plane. */
export async function localStatus(home: string): Promise<LocalStatus> {
  const installation = await requireInstallation(home)
  const rootPem = (await readText(join(home, HOME.pki, 'root.crt'))) ?? ''
  const place = { installation, home, rootPem }
  const [containers, members, answers] = await Promise.all([
    loadContainers(installation.id),
    readDatabasePair(place),
    platformAnswers(place).catch(() => false),
  ])
  const components = COMPONENTS.map((component) => judgeComponent(component, containers, members))
  return {
    installation: installation.name,
    home,
    url: urlOf(installation),
    answers,
    components,
    memoryBytes: components.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0),
  }
}

interface Seen {
  readonly state: string
  readonly restarts: number
  readonly memoryBytes: number | undefined
}

async function loadContainers(owner: string): Promise<Map<string, Seen>> {
  const docker = makeDocker(DOCKER_SOCKET)
  const list = await docker.containers.list({ [LABELS.owner]: owner })
  const seen = await Promise.all(
    list.map(async ({ id, labels, state }) => {
      const [detail, memoryBytes] = await Promise.all([
        docker.containers.inspect(id),
        docker.containers.memoryBytes(id),
      ])
      return [
        labels[LABELS.component] ?? '',
        { state, restarts: detail?.restarts ?? 0, memoryBytes },
      ] as const
    }),
  )
  return new Map(seen)
}

function judgeComponent(
  component: string,
  containers: ReadonlyMap<string, Seen>,
  members: readonly PatroniMember[] | undefined,
): LocalComponent {
  const container = containers.get(component)
  const memoryBytes = container?.memoryBytes ?? null
  if (container?.state !== 'running') {
    return { component, state: 'down', detail: container?.state ?? 'missing', memoryBytes }
  }
  if (!component.startsWith('postgres-')) {
    const detail = container.restarts === 0 ? 'running' : `running, restarted ${container.restarts} times`
    return { component, state: 'ok', detail, memoryBytes }
  }
  const member = members?.find(({ name }) => name === component)
  const isWell = member?.state === 'running' || member?.state === 'streaming'
  const detail = member === undefined ? 'unknown to Patroni' : `${member.role}, ${member.state}`
  return { component, state: isWell ? 'ok' : 'degraded', detail, memoryBytes }
}

/** Every preflight check and every component, one advice each. */
export async function examine(home: string, programDir: string): Promise<Check[]> {
  const installation = await requireInstallation(home)
  const { http, https } = installation.ports
  const host = judgeHost(await gatherFacts({ home, programDir, ports: [http, https] }), installation, false)
  const status = await localStatus(home)
  const components = status.components.map(({ component, state, detail }): Check => {
    const ok = state === 'ok'
    return {
      check: component,
      ok,
      what: `${component} is ${detail}`,
      advice: ok ? '' : adviceFor(component, detail, installation.name),
    }
  })
  const answer: Check = {
    check: 'address',
    ok: status.answers,
    what: `${status.url} ${status.answers ? 'answers' : 'does not answer'}`,
    advice: status.answers
      ? ''
      : 'Run `maru up`; if it stays like this, look into `docker logs` of the control plane.',
  }
  return [...host, ...components, answer]
}

function adviceFor(component: string, detail: string, name: string): string {
  if (detail === 'restarting')
    return `It ends again and again: look into \`docker logs ${name}-${component}\`.`
  if (component.startsWith('postgres-')) return 'Wait a minute: it rejoins by itself; then run `maru up`.'
  return 'Run `maru up`: it starts what is missing.'
}
