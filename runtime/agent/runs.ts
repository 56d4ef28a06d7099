import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { AgentRunRequest, type ContainerSpec } from '#contract/agent.ts'
import { APP_LIMITS, RUN_FRAME } from '#contract/apps.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { type AgentConfig, addressesOf } from '#contract/installation.ts'
import type { HostRules } from '#platform/network/apply-rules.ts'
import { type Attached, type Docker, EngineRefusal, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import { encodeFrame, type Frame, type FrameKind, makeFrameReader } from '#runtime/kit/run-frames.ts'
import type { AddressBook } from './address-book.ts'
import { confined, environment, RUN_COMPONENT } from './instance-spec.ts'
import { reasonOf } from './instances.ts'
import { RUN_PROCESS } from './own-network.ts'

export interface RunDeps {
  readonly docker: Docker
  readonly addresses: AddressBook
  readonly rules: Pick<HostRules, 'admit'>
  readonly config: AgentConfig
  readonly log: Log
}

/** A first line longer than this is no request of ours. */
const REQUEST_MAX_BYTES = 2 * 1024 * 1024

/** Serves one upgraded connection: the request's line, then frames both ways until the command or the caller ends. */
export async function serveRun(deps: RunDeps, stream: Duplex): Promise<void> {
  const closed = new AbortController()
  // Ending one half is leaving, too: the end of the command's input has a frame of its own.
  for (const event of ['end', 'close']) stream.on(event, () => closed.abort())
  stream.on('error', () => closed.abort())
  const send = (kind: FrameKind, payload: Uint8Array | string) => {
    if (!stream.destroyed) stream.write(encodeFrame(kind, payload))
  }
  try {
    const { request, rest } = await readRequest(stream)
    const ended = (exitCode: number) => send(RUN_FRAME.exit, JSON.stringify({ exitCode }))
    await runOne(deps, request, stream, rest, closed.signal, ended)
  } catch (error) {
    const shown =
      error instanceof MaruError ? error : new MaruError('internal', { requestId: 'run' }, { cause: error })
    if (!closed.signal.aborted) deps.log.warn('agent.run_failed', { error })
    send(RUN_FRAME.error, JSON.stringify(shown.toBody()))
  } finally {
    stream.end()
  }
}

/** Reads up to the first line end; what follows it belongs to the frames. */
function readRequest(stream: Duplex): Promise<{ request: AgentRunRequest; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      const end = held.indexOf(0x0a)
      if (end < 0 && held.length < REQUEST_MAX_BYTES) return
      stream.off('data', onData)
      stream.pause()
      try {
        const request = parseWith(AgentRunRequest, parseJson(held.subarray(0, end).toString('utf8')))
        resolve({ request, rest: held.subarray(end + 1) })
      } catch (error) {
        reject(error)
      }
    }
    stream.on('data', onData)
    stream.on('close', () => reject(new MaruError('apps.run_failed', { reason: 'the caller left' })))
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MaruError('invalid', { field: 'request', reason: 'is not JSON' }, { cause })
  }
}

/** One-off commands come beside the instances: without a limit, one app could take the host's whole memory. */
async function checkRoom({ docker, config }: RunDeps, { appId }: AgentRunRequest): Promise<void> {
  const own = { [LABELS.owner]: config.installation.id, [LABELS.component]: RUN_COMPONENT }
  const have = await docker.containers.list({ ...own, [LABELS.appId]: appId })
  if (have.length < APP_LIMITS.runsAtOnce) return
  throw new MaruError('apps.limit', {
    what: 'The number of one-off commands of an app at the same time',
    limit: APP_LIMITS.runsAtOnce,
    next: 'End one of them and try again.',
  })
}

async function specOf({ docker, config }: RunDeps, request: AgentRunRequest): Promise<ContainerSpec> {
  const psql = request.kind === 'psql'
  const image = await docker.images.find(psql ? config.images.database : request.image)
  if (image === undefined)
    throw new MaruError('apps.run_failed', { reason: 'the image of this release is gone' })
  const random = randomBytes(4).toString('hex')
  return {
    ...confined(
      { installation: config.installation, home: config.home },
      psql ? { user: '', volumes: [] } : image,
    ),
    name: `${config.installation.name}-run-${request.app}-${random}`,
    component: RUN_COMPONENT,
    image: image.id,
    command: request.command,
    ...(psql ? { entrypoint: [], workingDir: '/tmp' } : {}),
    env: environment({ ...(request.tty ? terminalOf(request) : {}), ...request.env }),
    labels: {
      [LABELS.app]: request.app,
      [LABELS.appId]: request.appId,
      [LABELS.release]: String(request.release),
    },
    restart: 'no',
    memoryMb: APP_LIMITS.instance.memoryMb,
  }
}

/** The engine sets a terminal's size just after the start: a quick command finds it here. */
const terminalOf = ({ columns, rows }: AgentRunRequest) => ({
  TERM: 'xterm-256color',
  COLUMNS: String(columns),
  LINES: String(rows),
})

/**
 * Runs the command; its container is gone afterwards, whatever happened. `ended` gets the exit code before that:
 * removing takes a while, and nobody has to wait for it.
 */
async function runOne(
  deps: RunDeps,
  request: AgentRunRequest,
  stream: Duplex,
  rest: Buffer,
  closed: AbortSignal,
  ended: (exitCode: number) => void,
): Promise<void> {
  const { docker, config } = deps
  await checkRoom(deps, request)
  const spec = await specOf(deps, request)
  const address = await deps.addresses.take()
  const dns = addressesOf(config.installation).names
  const extras = { stdin: true, tty: request.tty, address, dns }
  const id = await started(() => docker.containers.create(spec, config.installation.id, extras))
  const timeout = AbortSignal.timeout(request.timeoutS * 1000)
  const end = () => void docker.containers.kill(id).catch(() => {})
  try {
    await deps.rules.admit({ address, app: request.app, process: RUN_PROCESS })
    const attached = await docker.containers.attach(id, { tty: request.tty })
    closed.addEventListener('abort', end)
    timeout.addEventListener('abort', end)
    await started(() => docker.containers.start(id))
    if (request.tty) await docker.containers.resize(id, request)
    forwardInput(docker, id, stream, rest, attached, end)
    await forwardOutput(attached, stream)
    const exitCode = await docker.containers.wait(id).catch((cause: unknown) => {
      // Whoever removes an app removes what runs of it.
      if (!(cause instanceof EngineRefusal)) throw cause
      throw new MaruError('apps.run_failed', { reason: 'it was ended from outside' }, { cause })
    })
    if (timeout.aborted) {
      throw new MaruError('apps.run_failed', { reason: `it was stopped after ${request.timeoutS} seconds` })
    }
    ended(exitCode)
  } finally {
    closed.removeEventListener('abort', end)
    timeout.removeEventListener('abort', end)
    await docker.containers.remove(id)
  }
}

async function started<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error
    throw new MaruError('apps.run_failed', { reason: reasonOf(error) }, { cause: error })
  }
}

function forwardInput(
  docker: Docker,
  id: string,
  stream: Duplex,
  rest: Buffer,
  attached: Attached,
  end: () => void,
): void {
  const read = makeFrameReader()
  // A command that has ended does not read what is still typed.
  attached.input.on('error', () => {})
  const take = (frame: Frame) => {
    if (frame.kind === RUN_FRAME.stdin) {
      if (!attached.input.write(frame.payload)) {
        stream.pause()
        attached.input.once('drain', () => stream.resume())
      }
    } else if (frame.kind === RUN_FRAME.stdinEnd) attached.input.end()
    else if (frame.kind === RUN_FRAME.resize) void resize(docker, id, frame.payload)
  }
  const feed = (chunk: Buffer) => {
    try {
      read(chunk).forEach(take)
    } catch {
      end() // out of step: nothing that follows can be trusted
    }
  }
  stream.on('data', feed)
  if (rest.length > 0) feed(rest)
  stream.resume()
}

async function resize(docker: Docker, id: string, payload: Buffer): Promise<void> {
  try {
    const size = AgentRunRequest.pick({ columns: true, rows: true }).parse(
      JSON.parse(payload.toString('utf8')),
    )
    await docker.containers.resize(id, size)
  } catch {
    // A terminal of the wrong size is a blemish, no reason to end the command.
  }
}

async function forwardOutput(attached: Attached, stream: Duplex): Promise<void> {
  for await (const { stream: name, data } of attached.output) {
    if (stream.destroyed) break
    const kind = name === 'stderr' ? RUN_FRAME.stderr : RUN_FRAME.stdout
    if (!stream.write(encodeFrame(kind, data))) {
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve)
        stream.once('close', resolve)
      })
    }
  }
}

/** Ends one-off and build containers that an agent before this one left behind. */
export async function removeLeftovers(docker: Docker, owner: string): Promise<number> {
  let count = 0
  for (const component of [RUN_COMPONENT, 'build', 'check']) {
    const left = await docker.containers.list({ [LABELS.owner]: owner, [LABELS.component]: component })
    for (const { id } of left) await docker.containers.remove(id)
    count += left.length
  }
  return count
}
