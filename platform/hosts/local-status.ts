import { join } from 'node:path'
import type { ContainerSpec, PlatformConfig } from '#contract/agent.ts'
import { DETECTOR_COMPONENT } from '#contract/detection.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import { HOME, type Installation, urlOf } from '#contract/installation.ts'
import { RESOLVER_COMPONENTS } from '#contract/network.ts'
import { loadFleet, placedHere } from '#platform/mesh/index.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { readJson, readText } from '#runtime/drivers/files.ts'
import { requireInstallation } from './down.ts'
import { DOCKER_SOCKET, gatherFacts } from './host-facts.ts'
import { loadHostIdentity } from './host-identity.ts'
import { askAgent } from './joined-agent.ts'
import { type Check, isAloneIn, judgeHost, portsOf } from './preflight.ts'
import { type PatroniMember, platformAnswers, readDatabasePair } from './wait-healthy.ts'

export interface LocalComponent {
  readonly component: string
  readonly state: 'ok' | 'starting' | 'degraded' | 'down'
  readonly detail: string
  readonly memoryBytes: number | null
}

export interface LocalStatus {
  readonly installation: string
  /** Unknown where `maru up` of this version has not run yet. */
  readonly host: HostIdentity | null
  readonly home: string
  readonly url: string
  /** Whether the platform answers at its address; on a host that joined, whether the control plane looks after it. */
  readonly answers: boolean
  readonly components: readonly LocalComponent[]
  readonly memoryBytes: number
}

/** The control plane asks for a report every five seconds, and looks at its hosts every fifteen. */
const SEEN_MS = 30_000

/** What root on the host can see without the control plane. */
export async function localStatus(home: string): Promise<LocalStatus> {
  const installation = await requireInstallation(home)
  const host = (await loadHostIdentity(home)) ?? null
  const expected = await expectedComponents(home, host)
  if (host?.first === false) return await joinedStatus(installation, host, home, expected)
  const rootPem = (await readText(join(home, HOME.pki, 'root.crt'))) ?? ''
  const place = { installation, home, rootPem }
  const [containers, members, answers] = await Promise.all([
    loadContainers(installation.id),
    readDatabasePair(place),
    platformAnswers(place).catch(() => false),
  ])
  const components = expected.map((one) => judgeComponent(one, containers, members))
  return {
    installation: installation.name,
    host,
    home,
    url: urlOf(installation),
    answers,
    components,
    memoryBytes: components.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0),
  }
}

/** A component, and the name of its container: others of the same component end what they had begun. */
type Expected = Pick<ContainerSpec, 'component' | 'name'>

/** What of the platform is on this host now, in the order in which it starts: some parts may be on other hosts. */
async function expectedComponents(home: string, host: HostIdentity | null): Promise<Expected[]> {
  const platform = (await readJson(join(home, HOME.platform))) as PlatformConfig | undefined
  if (platform === undefined || host === null) return []
  const { containers } = placedHere(platform, host, await loadFleet(home))
  const listed = containers.map(({ component, name }) => ({ component, name }))
  if (host.role === 'witness') return listed
  // The agent makes these, so they are not in the platform's half.
  const { name } = await requireInstallation(home)
  const own = [...RESOLVER_COMPONENTS, DETECTOR_COMPONENT]
  return [...listed, ...own.map((component) => ({ component, name: `${name}-${component}` }))]
}

/** On a host that joined: what the platform's half of its state names. */
async function joinedStatus(
  installation: Installation,
  host: HostIdentity,
  home: string,
  expected: readonly Expected[],
): Promise<LocalStatus> {
  const containers = await loadContainers(installation.id)
  const about = await askAgent(home).catch(() => undefined)
  const seenAt = about?.controlSeenAt ?? null
  const rootPem = (await readText(join(home, HOME.pki, 'root.crt'))) ?? ''
  const members = expected.some(({ component }) => component.startsWith('postgres-'))
    ? await readDatabasePair({ installation, home, rootPem })
    : undefined
  const components = expected.map((one) => judgeComponent(one, containers, members))
  return {
    installation: installation.name,
    host,
    home,
    url: urlOf(installation),
    answers: seenAt !== null && Date.now() - Date.parse(seenAt) < SEEN_MS,
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
    list.map(async ({ id, name, state }) => {
      const [detail, memoryBytes] = await Promise.all([
        docker.containers.inspect(id),
        docker.containers.memoryBytes(id),
      ])
      return [name, { state, restarts: detail?.restarts ?? 0, memoryBytes }] as const
    }),
  )
  return new Map(seen)
}

function judgeComponent(
  { component, name }: Expected,
  containers: ReadonlyMap<string, Seen>,
  members: readonly PatroniMember[] | undefined,
): LocalComponent {
  const container = containers.get(name)
  const memoryBytes = container?.memoryBytes ?? null
  if (container?.state !== 'running') {
    return { component, state: 'down', detail: container?.state ?? 'missing', memoryBytes }
  }
  if (!component.startsWith('postgres-')) {
    const detail = container.restarts === 0 ? 'running' : `running, restarted ${container.restarts} times`
    return { component, state: 'ok', detail, memoryBytes }
  }
  const member = members?.find((one) => one.name === component)
  const isWell = member?.state === 'running' || member?.state === 'streaming'
  const detail = member === undefined ? 'unknown to Patroni' : `${member.role}, ${member.state}`
  return { component, state: isWell ? 'ok' : 'degraded', detail, memoryBytes }
}

/** Every preflight check and every component, one advice each. */
export async function examine(home: string, programDir: string): Promise<Check[]> {
  const installation = await requireInstallation(home)
  const status = await localStatus(home)
  const isAlone = isAloneIn(await loadFleet(home))
  const ports = portsOf(status.host ?? { first: true, role: 'full' }, installation, { isNew: false, isAlone })
  const facts = await gatherFacts({ home, programDir, ports: ports.now })
  const host = judgeHost(facts, installation, false, ports)
  const components = status.components.map(({ component, state, detail }): Check => {
    const ok = state === 'ok'
    return {
      check: component,
      ok,
      what: `${component} is ${detail}`,
      advice: ok ? '' : adviceFor(component, detail, installation.name),
    }
  })
  if (status.host?.first === false) return [...host, ...components, judgeControl(status)]
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

function judgeControl({ url, answers }: LocalStatus): Check {
  const what = answers ? 'the control plane looks after this host' : 'the control plane has not asked lately'
  const advice = `Look at ${url} and at \`maru host list\` on a host with a control plane; apps here go on meanwhile.`
  return { check: 'control plane', ok: answers, what, advice: answers ? '' : advice }
}

function adviceFor(component: string, detail: string, name: string): string {
  if (detail === 'restarting')
    return `It ends again and again: look into \`docker logs ${name}-${component}\`.`
  if (component.startsWith('postgres-')) return 'Wait a minute: it rejoins by itself; then run `maru up`.'
  return 'Run `maru up`: it starts what is missing.'
}
