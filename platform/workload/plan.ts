import type { InstanceSpec, Traffic, WorkloadConfig } from '#contract/agent.ts'
import type { AppName, HostName, ProcessType } from '#contract/ids.ts'
import { INSTANCE_CA, INSTANCE_PORT } from '#contract/installation.ts'
import { type NetworkPolicy, NO_POLICY, type TrialTimes } from '#contract/network.ts'
import { argvOf } from './command-line.ts'

/** A release as far as its instances need it. */
export interface ReleaseFacts {
  readonly version: number
  readonly image: string
  readonly processes: Readonly<Record<string, string>>
  /** What a person has configured. */
  readonly config: Readonly<Record<string, string>>
  readonly databaseUrl: string
}

export interface InstanceFacts {
  /** The host that runs it. */
  readonly host: string
  readonly process: string
  readonly index: number
  readonly release: number
  readonly epoch: number
  readonly traffic: Traffic
  /** What it was started with, where that is not what its release names now. */
  readonly image?: string | null
}

export interface AppFacts {
  readonly id: string
  readonly name: string
  readonly hostNames: readonly string[]
  /** Releases of the instances on the host that is planned for. */
  readonly releases: readonly ReleaseFacts[]
  /** All of them, on whichever host. */
  readonly instances: readonly InstanceFacts[]
  readonly keepImages: readonly string[]
}

export interface HostFacts {
  readonly name: string
  /** Where the other hosts reach its edge. */
  readonly address: string
  /** Whether it has what instances need, so that its edge leads to its own. */
  readonly runsApps: boolean
}

/** Everything that decides what the hosts run for the apps. */
export interface WorkloadSnapshot {
  readonly generation: number
  /** Those that have an edge. */
  readonly hosts: readonly HostFacts[]
  readonly apps: readonly AppFacts[]
  /** What people have decided about the network; left out: nothing. */
  readonly network?: NetworkPolicy
  /** For how long yet what is on trial in it is in force; left out: nothing is. */
  readonly trials?: TrialTimes
}

/**
 * The apps' half of a host's state, whole: every app, because every edge serves every app; of instances its own only.
 * The same snapshot always gives the same config.
 */
export function planWorkload(snapshot: WorkloadSnapshot, host: string): WorkloadConfig {
  const apps = [...snapshot.apps].sort((a, b) => compare(a.id, b.id))
  const others = snapshot.hosts.filter(({ name }) => name !== host).sort((a, b) => compare(a.name, b.name))
  return {
    generation: snapshot.generation,
    peers: others.map(({ name }) => name as HostName),
    network: snapshot.network ?? NO_POLICY,
    ...(Object.keys(snapshot.trials ?? {}).length === 0 ? {} : { trials: snapshot.trials }),
    apps: apps.map((app) => planApp(app, host, others)),
  }
}

function planApp(app: AppFacts, host: string, others: readonly HostFacts[]): WorkloadConfig['apps'][number] {
  const own = app.instances.filter((one) => one.host === host)
  const serving = new Set(app.instances.filter(isServing).map((one) => one.host))
  const releases = app.instances.map(({ release }) => release)
  return {
    app: app.name as AppName,
    appId: app.id as WorkloadConfig['apps'][number]['appId'],
    hostNames: [...app.hostNames],
    instances: own.sort(inOrder).map((instance) => planInstance(app, instance)),
    elsewhere: others
      .filter(({ name, runsApps }) => runsApps && serving.has(name))
      .map(({ name, address }) => ({ host: name as HostName, address })),
    newestRelease: releases.length === 0 ? null : Math.max(...releases),
    keepImages: [...new Set(app.keepImages)].sort(compare),
  }
}

const isServing = ({ process, traffic }: InstanceFacts) => process === 'web' && traffic === 'serve'

function planInstance(app: AppFacts, instance: InstanceFacts): InstanceSpec {
  const release = app.releases.find(({ version }) => version === instance.release)
  if (release === undefined)
    throw new Error(`app ${app.id} has instances of release ${instance.release} only`)
  return {
    process: instance.process as ProcessType,
    index: instance.index,
    release: instance.release,
    epoch: instance.epoch,
    image: instance.image ?? release.image,
    command: argvOf(release.processes[instance.process] ?? ''),
    env: environmentOf(app.name, release, instance.process),
    traffic: instance.traffic,
  }
}

/** What a process finds in its environment. The platform's own names win over configured ones. */
export function environmentOf(
  app: string,
  release: Omit<ReleaseFacts, 'image' | 'processes'>,
  process: string,
): Record<string, string> {
  return {
    NODE_ENV: 'production',
    ...release.config,
    DATABASE_URL: release.databaseUrl,
    MARU_APP: app,
    MARU_PROCESS: process,
    MARU_RELEASE: String(release.version),
    NODE_EXTRA_CA_CERTS: INSTANCE_CA,
    PGSSLROOTCERT: INSTANCE_CA,
    PORT: String(INSTANCE_PORT),
  }
}

/** A workload as text for logs and tests. Values of the environment may be secret, so none is shown. */
export function renderWorkload(config: WorkloadConfig): string {
  const lines = [`generation ${config.generation}`]
  for (const app of config.apps) {
    lines.push(`${app.app} (${app.appId}) at ${app.hostNames.join(', ')}`)
    lines.push(`  keeps ${app.keepImages.join(', ') || 'no image'}`)
    for (const { host, address } of app.elsewhere) lines.push(`  also served by ${host} at ${address}`)
    for (const instance of app.instances) lines.push(...renderInstance(instance))
  }
  return `${lines.join('\n')}\n`
}

function renderInstance(one: InstanceSpec): string[] {
  const command = one.command.length === 0 ? "the image's command" : JSON.stringify(one.command)
  const names = Object.keys(one.env).sort(compare)
  return [
    `  ${one.process}.${one.index} v${one.release} epoch ${one.epoch}, traffic ${one.traffic}: ${one.image} ${command}`,
    ...names.map((name) => `    ${name}=[redacted]`),
  ]
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const inOrder = (a: InstanceFacts, b: InstanceFacts) =>
  compare(a.process, b.process) || a.release - b.release || a.epoch - b.epoch || a.index - b.index
