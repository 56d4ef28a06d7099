import { setTimeout as pause } from 'node:timers/promises'
import type { LogLine } from '#contract/apps.ts'
import { type Docker, type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'
import { mergeByTime } from '#runtime/kit/merge-by-time.ts'
import { INSTANCE_COMPONENT } from './instance-spec.ts'

export interface LogDeps {
  readonly docker: Docker
  readonly owner: string
}

export interface LogRequest {
  readonly app: string
  readonly process?: string | undefined
  readonly follow: boolean
  readonly tail: number
  /** Every line from this time on, its own instant included, instead of `tail` lines. */
  readonly since?: string | undefined
}

/** Hands a line on; resolves when the reader has room for more. */
type Emit = (line: LogLine) => Promise<void>

/** How often a followed stream looks for new instances. */
const LOOK_MS = 500

/** Writes what an app's instances printed, oldest first; with `follow` also what comes, of new instances too. */
export async function streamLogs(
  deps: LogDeps,
  request: LogRequest,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const labels = {
    [LABELS.owner]: deps.owner,
    [LABELS.component]: INSTANCE_COMPONENT,
    [LABELS.app]: request.app,
    ...(request.process === undefined ? {} : { [LABELS.process]: request.process }),
  }
  const first = await deps.docker.containers.list(labels)
  // Followed from a time, each instance goes on by itself: nothing has to be read before.
  const isResumed = request.follow && request.since !== undefined
  const seen = isResumed ? new Map<string, string>() : await backlog(deps.docker, first, request, emit)
  if (!request.follow) return
  const following = new Set<string>()
  let failure: unknown
  while (!signal.aborted && failure === undefined) {
    for (const container of await deps.docker.containers.list(labels)) {
      if (following.has(container.id)) continue
      following.add(container.id)
      followOne(deps.docker, container, { seen, since: request.since }, emit, signal)
        .catch((error: unknown) => {
          failure = error
        })
        // It may print again after a restart: the next look picks it up where it ended.
        .finally(() => following.delete(container.id))
    }
    await pause(LOOK_MS)
  }
  if (failure !== undefined && !signal.aborted) throw failure
}

/** The last lines of each container, merged by time. Gives the time of each container's last line. */
async function backlog(
  docker: Docker,
  containers: readonly EngineContainer[],
  { tail, since }: Pick<LogRequest, 'tail' | 'since'>,
  emit: Emit,
): Promise<Map<string, string>> {
  // Who has printed nothing yet is followed from just before the look, so that nothing falls in between.
  const begunAt = new Date(Date.now() - 1).toISOString()
  const seen = new Map(containers.map(({ id }) => [id, begunAt]))
  if (tail === 0 && since === undefined) return seen
  const range = since === undefined ? { tail } : { tail: 'all' as const, since: secondsOf(since) }
  for await (const { id, ...line } of mergeByTime(containers.map((one) => linesOf(docker, one, range)))) {
    seen.set(id, line.at)
    await emit(line)
  }
  return seen
}

async function* linesOf(
  docker: Docker,
  container: EngineContainer,
  range: { readonly tail: number | 'all'; readonly since?: string },
): AsyncGenerator<LogLine & { readonly id: string }> {
  const { id } = container
  for await (const line of docker.containers.logs(id, { follow: false, ...range }))
    yield { id, ...lineOf(container, line) }
}

const lineOf = ({ labels }: EngineContainer, line: Omit<LogLine, 'instance'>): LogLine => ({
  at: line.at,
  instance: `${labels[LABELS.process]}.${labels[LABELS.index]}`,
  stream: line.stream,
  line: line.line,
})

async function followOne(
  docker: Docker,
  container: EngineContainer,
  { seen, since: resumeAt }: { readonly seen: Map<string, string>; readonly since: string | undefined },
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const from = seen.get(container.id)
  const start = from ?? resumeAt
  const since = start === undefined ? {} : { since: secondsOf(start) }
  for await (const line of docker.containers.logs(container.id, {
    follow: true,
    tail: 'all',
    ...since,
    signal,
  })) {
    // `since` includes its own instant, so that the last line comes again.
    if (from !== undefined && line.at <= from) continue
    seen.set(container.id, line.at)
    await emit(lineOf(container, line))
  }
}

/** Seconds since 1970 with the nanoseconds that JavaScript's dates do not have. */
function secondsOf(instant: string): string {
  const fraction = /\.(\d+)Z$/.exec(instant)?.[1] ?? '0'
  return `${Math.floor(Date.parse(instant) / 1000)}.${fraction.padEnd(9, '0').slice(0, 9)}`
}

/** The last lines that a release's instances printed, stopped ones included, merged by time. */
export async function lastLog(deps: LogDeps, app: string, release: number, lines: number): Promise<string[]> {
  const containers = await deps.docker.containers.list({
    [LABELS.owner]: deps.owner,
    [LABELS.component]: INSTANCE_COMPONENT,
    [LABELS.app]: app,
    [LABELS.release]: String(release),
  })
  const merged: LogLine[] = []
  await backlog(deps.docker, containers, { tail: lines }, async (line) => {
    merged.push(line)
  })
  return merged.slice(-lines).map(({ instance, line }) => `${instance} ${line}`)
}
