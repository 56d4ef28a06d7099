import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ContainerCreateOptions, EndpointSettings } from 'dockerode'
import type { ContainerSpec } from '#contract/agent.ts'

/** Labels that every object of an installation carries; without the owner's label nothing is ever deleted. */
export const LABELS = {
  owner: 'maru.owner',
  component: 'maru.component',
  spec: 'maru.spec',
  app: 'maru.app',
  appId: 'maru.app_id',
  process: 'maru.process',
  index: 'maru.index',
  release: 'maru.release',
  epoch: 'maru.epoch',
  address: 'maru.address',
} as const

const MEGABYTE = 1024 * 1024
/** How the engine names the network of another container; it puts that one's id in the place of the name. */
export const SHARED = 'container:'

/** JSON with sorted keys: equal values give equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}

/** Short hash of a spec; kept as a label, so that a changed spec is seen without comparing every setting. */
export function hashSpec(spec: object): string {
  return createHash('sha256').update(canonical(spec)).digest('hex').slice(0, 16)
}

/** As `hashSpec`, for a container: what only keeps addresses stays when there is a newer image. */
export const hashContainer = (spec: ContainerSpec): string =>
  hashSpec(spec.keepsNetwork === true ? { ...spec, image: '' } : spec)

/** What a container gets beside its spec: it changes nothing of what the container means. */
export interface CreateExtras {
  readonly tty?: boolean
  readonly stdin?: boolean
  readonly cgroupParent?: string
  /** On its first network; its own for as long as it exists, also while it does not run. */
  readonly address?: string
  /** Whom the engine asks for it, from its own network; without, whom the host asks. */
  readonly dns?: readonly string[]
  readonly volumes?: readonly { readonly name: string; readonly target: string }[]
}

function endpointOf(network: ContainerSpec['networks'][number]): EndpointSettings {
  const address = network.address === undefined ? {} : { IPAMConfig: { IPv4Address: network.address } }
  return { Aliases: [...network.aliases], ...address } as unknown as EndpointSettings
}

/** Networks to join after creation: the engine takes only one at creation. */
export function laterNetworks(spec: ContainerSpec): Array<{ name: string; endpoint: EndpointSettings }> {
  return spec.networks.slice(1).map((network) => ({ name: network.name, endpoint: endpointOf(network) }))
}

function limitsOf(spec: ContainerSpec) {
  const memory = spec.memoryMb === undefined ? {} : limitMemory(spec.memoryMb * MEGABYTE)
  return {
    ...memory,
    ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
    ...(spec.cpuShares === undefined ? {} : { CpuShares: spec.cpuShares }),
    ...(spec.processes === undefined ? {} : { PidsLimit: spec.processes }),
    ...(spec.shmMb === undefined ? {} : { ShmSize: spec.shmMb * MEGABYTE }),
    Ulimits: [openFiles(Math.min(spec.files, openFilesMost()))],
  }
}

const openFiles = (most: number) => ({ Name: 'nofile', Soft: most, Hard: most })

/**
 * The most open files that this process may have. An engine without CAP_SYS_RESOURCE (itself in a container or a
 * small virtual machine) cannot raise its own limit, and then starts no container that asks for more.
 */
function openFilesMost(): number {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard)
}

/** Swap equal to memory means none: an instance that outgrows its limit ends instead of slowing its host down. */
const limitMemory = (bytes: number) => ({ Memory: bytes, MemorySwap: bytes })

function confinementOf(spec: ContainerSpec) {
  if (spec.privileged) return { Privileged: true }
  return {
    CapDrop: ['ALL'],
    CapAdd: [...spec.capabilities],
    SecurityOpt: ['no-new-privileges:true'],
    ReadonlyRootfs: spec.readOnlyRoot,
  }
}

function placesOf(spec: ContainerSpec, extras: CreateExtras) {
  const bind = (mount: ContainerSpec['mounts'][number]) => ({
    Type: 'bind' as const,
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
  })
  const volume = ({ name, target }: { name: string; target: string }) => ({
    Type: 'volume' as const,
    Source: name,
    Target: target,
    ReadOnly: false,
  })
  return {
    Mounts: [...spec.mounts.map(bind), ...(extras.volumes ?? []).map(volume)],
    Tmpfs: { ...spec.tmpfs },
  }
}

function hostConfigOf(spec: ContainerSpec, extras: CreateExtras) {
  const first = spec.networks[0]
  return {
    ...limitsOf(spec),
    ...confinementOf(spec),
    ...placesOf(spec, extras),
    NetworkMode: spec.networkOf === undefined ? (first?.name ?? 'none') : `${SHARED}${spec.networkOf}`,
    PortBindings: Object.fromEntries(
      spec.ports.map((port) => [`${port.container}/tcp`, [{ HostPort: String(port.host) }]]),
    ),
    // Not 'always': what `maru down` stopped would come back with the engine.
    RestartPolicy: { Name: spec.restart === 'always' ? 'unless-stopped' : 'no' },
    Init: spec.init,
    ...(extras.dns === undefined ? {} : { Dns: [...extras.dns] }),
    PidMode: spec.pidMode === 'host' ? 'host' : '',
    // Who sees the host's processes must also read the names of their groups as the host does.
    ...(spec.pidMode === 'host' ? { CgroupnsMode: 'host' as const } : {}),
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    ...(extras.cgroupParent === undefined ? {} : { CgroupParent: extras.cgroupParent }),
  }
}

/** A spec as the engine's creation request. */
export function createOptionsOf(
  spec: ContainerSpec,
  owner: string,
  extras: CreateExtras = {},
): ContainerCreateOptions {
  const { address } = extras
  const first = spec.networks[0] && { ...spec.networks[0], ...(address === undefined ? {} : { address }) }
  const joins = first !== undefined && !['host', 'none'].includes(first.name)
  return {
    name: spec.name,
    Image: spec.image,
    ...(spec.command === undefined ? {} : { Cmd: spec.command }),
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: spec.entrypoint }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    StopTimeout: spec.stopTimeoutS,
    // An image may bring a check of its own, to be run in the container as often as it likes.
    Healthcheck: { Test: ['NONE'] },
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...spec.labels,
      [LABELS.owner]: owner,
      [LABELS.component]: spec.component,
      [LABELS.spec]: hashContainer(spec),
      ...(address === undefined ? {} : { [LABELS.address]: address }),
    },
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [`${port.container}/tcp`, {}])),
    HostConfig: hostConfigOf(spec, extras),
    ...(joins ? { NetworkingConfig: { EndpointsConfig: { [first.name]: endpointOf(first) } } } : {}),
    Tty: extras.tty ?? false,
    OpenStdin: extras.stdin ?? false,
    StdinOnce: extras.stdin ?? false,
    AttachStdin: extras.stdin ?? false,
    AttachStdout: true,
    AttachStderr: true,
  }
}
