import type { Readable } from 'node:stream'
import Dockerode from 'dockerode'
import { callEngine } from './docker-call.ts'
import { type DockerContainers, makeDockerContainers } from './docker-containers.ts'
import { type DockerImages, makeDockerImages } from './docker-images.ts'
import {
  type DockerNetworks,
  type DockerVolumes,
  labelFilter,
  makeDockerNetworks,
  makeDockerVolumes,
} from './docker-networks.ts'
import { readJsonLines } from './docker-streams.ts'
import { type EngineInfo, infoOf } from './engine-info.ts'

export { EngineRefusal } from './docker-call.ts'
export type { Attached, ContainerDetail, DockerContainers, EngineContainer } from './docker-containers.ts'
export { hashContainer, hashSpec, LABELS } from './docker-create.ts'
export type { BuildOptions, DockerImages, EngineImage, ImageDetail } from './docker-images.ts'
export type { EngineLogLine, OutputFrame } from './docker-streams.ts'
export type { EngineInfo } from './engine-info.ts'

export interface EngineEvent {
  readonly type: string
  readonly action: string
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
}

/** The container engine. Absent things are undefined; an engine that is away is `hosts.engine_unavailable`. */
export interface Docker {
  ping(): Promise<void>
  info(): Promise<EngineInfo>
  readonly images: DockerImages
  readonly networks: DockerNetworks
  readonly volumes: DockerVolumes
  readonly containers: DockerContainers
  /** What happens to objects with these labels, as it happens; ends when aborted or when the engine goes away. */
  events(labels: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<EngineEvent>
}

interface RawEvent {
  readonly Type: string
  readonly Action: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> }
}

async function* eventsOf(
  engine: Dockerode,
  labels: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncIterable<EngineEvent> {
  const options = { filters: JSON.stringify(labelFilter(labels)), abortSignal: signal }
  const source = (await callEngine(() => engine.getEvents(options))) as Readable
  try {
    for await (const raw of readJsonLines<RawEvent>(source)) {
      const attributes = raw.Actor?.Attributes ?? {}
      yield { type: raw.Type, action: raw.Action, id: raw.Actor?.ID ?? '', labels: attributes }
    }
  } catch (error) {
    const code = (error as { code?: string }).code
    if (!signal.aborted && code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  } finally {
    source.destroy()
  }
}

/** A client of the engine behind a unix socket. */
export function makeDocker(socketPath: string): Docker {
  // Named in full, so that DOCKER_HOST in the environment cannot lead to another engine.
  const engine = new Dockerode({ socketPath, host: undefined, protocol: 'http' } as Dockerode.DockerOptions)
  return {
    ping: () =>
      callEngine(async () => {
        await engine.ping()
      }),
    info: () => callEngine(() => infoOf(engine)),
    images: makeDockerImages(engine),
    networks: makeDockerNetworks(engine),
    volumes: makeDockerVolumes(engine),
    containers: makeDockerContainers(engine),
    events: (labels, signal) => eventsOf(engine, labels, signal),
  }
}
