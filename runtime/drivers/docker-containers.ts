import type { Duplex, Readable, Writable } from 'node:stream'
import type Dockerode from 'dockerode'
import type { ContainerSpec } from '#contract/agent.ts'
import { type ContainerProcess, processesOf } from './container-processes.ts'
import { callEngine, callUnless, findInEngine, workInEngine } from './docker-call.ts'
import { type CreateExtras, createOptionsOf, LABELS, laterNetworks, SHARED } from './docker-create.ts'
import { freezeInEngine } from './docker-freeze.ts'
import { measureMemory } from './docker-memory.ts'
import { labelFilter } from './docker-networks.ts'
import {
  type EngineLogLine,
  type OutputFrame,
  readFrames,
  readLogLines,
  readTerminal,
} from './docker-streams.ts'
import { dial, waitFor } from './docker-wait.ts'
import { infoOf } from './engine-info.ts'
import { firstGroupOf } from './first-group.ts'

export type EngineState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

export interface EngineContainer {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly imageId: string
  readonly labels: Readonly<Record<string, string>>
  readonly specHash: string
  readonly state: EngineState
  readonly createdAt: Date
  /** Network name → address; empty while it is not running. */
  readonly addresses: Readonly<Record<string, string>>
  /** Names of the networks that it has joined, running or not. */
  readonly networks: readonly string[]
  /** Network name → id of the network that it knows; empty before its first start. */
  readonly networkIds: Readonly<Record<string, string>>
  /** Id of the container whose network it has; undefined where it joins networks itself. */
  readonly networkOf?: string
}

export interface ContainerDetail {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: EngineState
  /** Process id on the host; 0 while it is not running. */
  readonly pid: number
  readonly exitCode: number
  readonly outOfMemory: boolean
  readonly restarts: number
  readonly startedAt: Date | undefined
  readonly finishedAt: Date | undefined
  readonly addresses: Readonly<Record<string, string>>
  /** Whom it asks for names; none: whom the engine chooses. */
  readonly nameServers: readonly string[]
  /** Why it could not be started, in the engine's words. */
  readonly error: string
}

export interface LogOptions {
  readonly follow: boolean
  readonly tail: number | 'all'
  /** Seconds since 1970 with nanoseconds, such as 1700000000.000000001: only what was written from then on. */
  readonly since?: string
  readonly signal?: AbortSignal
}

/** A container's terminal or its three streams. Ending `input` is end of file for the command. */
export interface Attached {
  readonly input: Writable
  readonly output: AsyncIterable<OutputFrame>
  close(): void
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface DockerContainers {
  /** All states, running or not. */
  list(labels: Readonly<Record<string, string>>): Promise<EngineContainer[]>
  inspect(nameOrId: string): Promise<ContainerDetail | undefined>
  /** Creates and joins its networks; does not start. Returns the id. */
  create(spec: ContainerSpec, owner: string, extras?: CreateExtras): Promise<string>
  start(nameOrId: string): Promise<void>
  rename(nameOrId: string, name: string): Promise<void>
  /** When it ends, the engine leaves it so. */
  keepStopped(nameOrId: string): Promise<void>
  /** Signal, then kill after `timeoutS` (default: what the spec says). */
  stop(nameOrId: string, timeoutS?: number): Promise<void>
  kill(nameOrId: string, signal?: string): Promise<void>
  /** Stops the clock of all its processes; nothing in it notices. Gone already is fine. */
  freeze(nameOrId: string): Promise<void>
  thaw(nameOrId: string): Promise<void>
  /** Ends it if it runs and removes it with its unnamed volumes. Gone already is fine. */
  remove(nameOrId: string): Promise<void>
  /** Waits for the end, also of one that is still to be started; gives the exit code. */
  wait(nameOrId: string): Promise<number>
  /** Memory in use without the page cache; undefined when it does not run. */
  memoryBytes(nameOrId: string): Promise<number | undefined>
  /** What runs in it now. */
  processes(nameOrId: string): Promise<ContainerProcess[]>
  logs(nameOrId: string, options: LogOptions): AsyncIterable<EngineLogLine>
  putArchive(nameOrId: string, tar: Readable, path: string): Promise<void>
  getArchive(nameOrId: string, path: string): Promise<Readable>
  attach(nameOrId: string, options: { readonly tty: boolean }): Promise<Attached>
  resize(nameOrId: string, size: { readonly columns: number; readonly rows: number }): Promise<void>
  exec(nameOrId: string, argv: readonly string[], options?: { readonly user?: string }): Promise<ExecResult>
}

const instant = (text: string | undefined) => {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return at > 0 ? new Date(at) : undefined
}

const addressesOf = (networks: Record<string, { IPAddress?: string }> | undefined) =>
  Object.fromEntries(
    Object.entries(networks ?? {})
      .map(([name, endpoint]) => [name, endpoint.IPAddress ?? ''] as const)
      .filter(([, address]) => address !== ''),
  )

const sharedBy = ({ NetworkMode = '' }: { NetworkMode?: string } = {}) =>
  NetworkMode.startsWith(SHARED) ? { networkOf: NetworkMode.slice(SHARED.length) } : {}

const summaryOf = (raw: Dockerode.ContainerInfo): EngineContainer => ({
  id: raw.Id,
  name: (raw.Names[0] ?? '').slice(1),
  image: raw.Image,
  imageId: raw.ImageID,
  labels: raw.Labels ?? {},
  specHash: raw.Labels?.[LABELS.spec] ?? '',
  state: raw.State as EngineState,
  createdAt: new Date(raw.Created * 1000),
  addresses: addressesOf(raw.NetworkSettings?.Networks),
  networks: Object.keys(raw.NetworkSettings?.Networks ?? {}),
  networkIds: Object.fromEntries(
    Object.entries(raw.NetworkSettings?.Networks ?? {}).map(([name, { NetworkID }]) => [name, NetworkID]),
  ),
  ...sharedBy(raw.HostConfig),
})

const detailOf = (raw: Dockerode.ContainerInspectInfo): ContainerDetail => ({
  id: raw.Id,
  name: raw.Name.slice(1),
  labels: raw.Config.Labels ?? {},
  state: raw.State.Status as EngineState,
  pid: raw.State.Pid,
  exitCode: raw.State.ExitCode,
  outOfMemory: raw.State.OOMKilled,
  restarts: raw.RestartCount,
  startedAt: instant(raw.State.StartedAt),
  finishedAt: instant(raw.State.FinishedAt),
  addresses: addressesOf(raw.NetworkSettings.Networks),
  nameServers: raw.HostConfig.Dns ?? [],
  error: raw.State.Error,
})

async function collect(frames: AsyncIterable<OutputFrame>) {
  const out = { stdout: '', stderr: '' }
  for await (const { stream, data } of frames) out[stream] += data.toString('utf8')
  return out
}

async function execIn(
  engine: Dockerode,
  id: string,
  argv: readonly string[],
  user?: string,
): Promise<ExecResult> {
  const exec = await engine.getContainer(id).exec({
    Cmd: [...argv],
    AttachStdout: true,
    AttachStderr: true,
    ...(user === undefined ? {} : { User: user }),
  })
  const output = await collect(readFrames((await exec.start({})) as unknown as Readable))
  const { ExitCode } = await exec.inspect()
  return { exitCode: ExitCode ?? -1, ...output }
}

/** dockerode reads an unfollowed log into memory; dialing gives the stream in both cases. */
function dialLogs(engine: Dockerode, id: string, options: LogOptions): Promise<Readable> {
  return dial(engine, {
    path: `/containers/${encodeURIComponent(id)}/logs?`,
    method: 'GET',
    ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
    options: {
      stdout: true,
      stderr: true,
      timestamps: true,
      follow: options.follow,
      tail: options.tail,
      ...(options.since === undefined ? {} : { since: options.since }),
    },
  })
}

async function* logsOf(engine: Dockerode, id: string, options: LogOptions): AsyncIterable<EngineLogLine> {
  const source = await findInEngine(() => dialLogs(engine, id, options))
  if (source === undefined) return
  try {
    yield* readLogLines(source)
  } catch (error) {
    // Aborting is how a reader leaves; a container that goes away ends its log.
    if (options.signal?.aborted !== true && (error as { code?: string }).code !== 'ECONNRESET') throw error
  } finally {
    source.destroy()
  }
}

async function attachTo(engine: Dockerode, id: string, tty: boolean): Promise<Attached> {
  const options = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true }
  const socket = (await engine.getContainer(id).attach(options)) as Duplex
  return {
    input: socket,
    output: tty ? readTerminal(socket) : readFrames(socket),
    close: () => socket.destroy(),
  }
}

/** The engine's containers. */
export function makeDockerContainers(engine: Dockerode): DockerContainers {
  const one = (id: string) => engine.getContainer(id)
  return {
    list: (labels) =>
      callEngine(async () =>
        (await engine.listContainers({ all: true, filters: JSON.stringify(labelFilter(labels)) })).map(
          summaryOf,
        ),
      ),
    inspect: (id) => findInEngine(async () => detailOf(await one(id).inspect())),
    create: (spec, owner, extras = {}) =>
      callEngine(async () => {
        const above = spec.firstGroup === true ? firstGroupOf(await infoOf(engine)) : undefined
        const more = above === undefined ? extras : { ...extras, cgroupParent: above }
        const { id } = await engine.createContainer(createOptionsOf(spec, owner, more))
        for (const { name, endpoint } of laterNetworks(spec)) {
          await engine.getNetwork(name).connect({ Container: id, EndpointConfig: endpoint })
        }
        return id
      }),
    start: (id) => callUnless([304], () => one(id).start()),
    rename: (id, name) =>
      callEngine(async () => {
        await one(id).rename({ name })
      }),
    keepStopped: (id) =>
      callEngine(async () => {
        await one(id).update({ RestartPolicy: { Name: 'no' } })
      }),
    stop: (id, timeoutS) =>
      callUnless([304, 404], () => one(id).stop(timeoutS === undefined ? {} : { t: timeoutS })),
    kill: (id, signal = 'SIGKILL') => callUnless([404, 409], () => one(id).kill({ signal })),
    freeze: (id) => freezeInEngine(() => one(id).pause()),
    thaw: (id) => callUnless([404, 409], () => one(id).unpause()),
    remove: (id) => callUnless([404, 409], () => one(id).remove({ force: true, v: true })),
    wait: (id) => workInEngine(() => waitFor(engine, id)),
    memoryBytes: (id) => findInEngine(() => measureMemory(one(id))),
    processes: (id) => callEngine(() => processesOf(one(id))),
    logs: (id, options) => logsOf(engine, id, options),
    putArchive: (id, tar, path) =>
      workInEngine(async () => {
        await one(id).putArchive(tar, { path })
      }),
    getArchive: (id, path) => callEngine(async () => (await one(id).getArchive({ path })) as Readable),
    attach: (id, { tty }) => callEngine(() => attachTo(engine, id, tty)),
    resize: (id, { columns, rows }) => callUnless([404, 409], () => one(id).resize({ w: columns, h: rows })),
    exec: (id, argv, options = {}) => workInEngine(() => execIn(engine, id, argv, options.user)),
  }
}
