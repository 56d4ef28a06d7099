import type Dockerode from 'dockerode'
import type { NetworkSpec } from '#contract/agent.ts'
import { pause } from '#runtime/kit/pause.ts'
import { callEngine, callUnless, EngineRefusal, findInEngine } from './docker-call.ts'
import { hashSpec, LABELS } from './docker-create.ts'

export interface EngineNetwork {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly specHash: string
}

export interface DockerNetworks {
  list(labels: Readonly<Record<string, string>>): Promise<EngineNetwork[]>
  find(name: string): Promise<EngineNetwork | undefined>
  create(spec: NetworkSpec, owner: string): Promise<void>
  /** Ids of the running containers that have joined it. */
  members(name: string): Promise<string[]>
  connect(
    network: string,
    container: string,
    options?: { address?: string; aliases?: string[] },
  ): Promise<void>
  disconnect(network: string, container: string): Promise<void>
  remove(name: string): Promise<void>
}

/** A file system in memory instead of a folder on the host's disk: it is as large as it says, and then full. */
export interface InMemory {
  readonly sizeMb: number
  readonly uid: number
}

export interface DockerVolumes {
  list(labels: Readonly<Record<string, string>>): Promise<string[]>
  ensure(name: string, labels: Readonly<Record<string, string>>, memory?: InMemory): Promise<void>
  remove(name: string): Promise<void>
}

/** Filters by labels, as the engine's API wants them. */
export const labelFilter = (labels: Readonly<Record<string, string>>) => ({
  label: Object.entries(labels).map(([name, value]) => `${name}=${value}`),
})

const summaryOf = (raw: {
  Id: string
  Name: string
  Labels?: Record<string, string> | null | undefined
}): EngineNetwork => ({
  id: raw.Id,
  name: raw.Name,
  labels: raw.Labels ?? {},
  specHash: raw.Labels?.[LABELS.spec] ?? '',
})

function createOptionsOf(spec: NetworkSpec, owner: string) {
  return {
    Name: spec.name,
    CheckDuplicate: true,
    Driver: 'bridge',
    Internal: spec.internal,
    IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet, Gateway: spec.gateway }] },
    Options: { 'com.docker.network.bridge.name': spec.bridge },
    Labels: { [LABELS.owner]: owner, [LABELS.spec]: hashSpec(spec) },
  }
}

/** The engine's bridge networks. */
export function makeDockerNetworks(engine: Dockerode): DockerNetworks {
  return {
    list: (labels) =>
      callEngine(async () =>
        (await engine.listNetworks({ filters: JSON.stringify(labelFilter(labels)) })).map(summaryOf),
      ),
    find: (name) => findInEngine(async () => summaryOf(await engine.getNetwork(name).inspect())),
    create: (spec, owner) =>
      callEngine(async () => {
        await engine.createNetwork(createOptionsOf(spec, owner))
      }),
    members: (name) =>
      callEngine(async () => Object.keys((await engine.getNetwork(name).inspect()).Containers ?? {})),
    connect: (network, container, options = {}) =>
      callEngine(async () => {
        const address = options.address === undefined ? {} : { IPAMConfig: { IPv4Address: options.address } }
        await engine.getNetwork(network).connect({
          Container: container,
          EndpointConfig: { Aliases: options.aliases ?? [], ...address },
        } as never)
      }),
    disconnect: (network, container) => disconnect(engine, network, container),
    remove: (name) => removeNetwork(engine, name),
  }
}

const disconnect = (engine: Dockerode, network: string, container: string) =>
  callUnless([404], () => engine.getNetwork(network).disconnect({ Container: container, Force: true }))

/** Each 100 ms: a step of a build that was ended leaves its network a moment after the build. */
const ATTEMPTS = 20

async function removeNetwork(engine: Dockerode, name: string, attempts = ATTEMPTS): Promise<void> {
  try {
    await callUnless([404], () => engine.getNetwork(name).remove())
  } catch (error) {
    const isInUse = error instanceof EngineRefusal && error.status === 403
    if (!isInUse || attempts === 0) throw error
    if (!(await freeOfNobody(engine, name))) await pause(100)
    await removeNetwork(engine, name, attempts - 1)
  }
}

/**
 * A container that ends while its engine is away, and is removed then, stays in its network as an end point of nobody, which the
 * engine lets go by its name only. Tells whether there were any.
 */
async function freeOfNobody(engine: Dockerode, network: string): Promise<boolean> {
  const members = (await findInEngine(() => engine.getNetwork(network).inspect()))?.Containers ?? {}
  let freed = false
  for (const [id, { Name }] of Object.entries(members)) {
    const container = await findInEngine(() => engine.getContainer(id).inspect())
    // By this name the engine would find another container before the end point.
    if (container !== undefined || Name === undefined) continue
    await disconnect(engine, network, Name)
    freed = true
  }
  return freed
}

const driverOptions = (memory: InMemory | undefined): Record<string, string> =>
  memory === undefined
    ? {}
    : {
        type: 'tmpfs',
        device: 'tmpfs',
        o: `size=${memory.sizeMb}m,uid=${memory.uid},gid=${memory.uid},mode=0700`,
      }

/** The engine's named volumes. */
export function makeDockerVolumes(engine: Dockerode): DockerVolumes {
  return {
    list: (labels) =>
      callEngine(async () => {
        const { Volumes } = await engine.listVolumes({ filters: JSON.stringify(labelFilter(labels)) })
        return (Volumes ?? []).map((volume) => volume.Name)
      }),
    ensure: (name, labels, memory) =>
      callEngine(async () => {
        await engine.createVolume({ Name: name, Labels: { ...labels }, DriverOpts: driverOptions(memory) })
      }),
    remove: (name) => callUnless([404], () => engine.getVolume(name).remove({ force: true })),
  }
}
