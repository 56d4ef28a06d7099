import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import type { DrillStartRequest } from '#contract/agent.ts'
import {
  DrillEvent,
  type DrillStart,
  type HostDrills,
  isLastDrillEvent,
  type NumberedDrillEvent,
} from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { brokenOff, lastWords } from '#drills/relay-events.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import type { Log } from '#runtime/kit/log.ts'
import { textLines } from '#runtime/kit/text-lines.ts'

/** Carries out drills in a process of their own: what they measure must not wait for the agent, nor it for them. */
export interface DrillRunner {
  state(): Promise<HostDrills>
  /** Refused outside a lab, and while another one is under way. */
  start(request: DrillStartRequest): Promise<DrillStart>
  /** Refuses a start that nothing is known about any more. */
  checkKnown(start: string): void
  /** Hands on the events after a number, each as it comes, until the last. */
  follow(
    start: string,
    after: number,
    emit: (event: NumberedDrillEvent) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
  /** Asks a drill that is under way to clean up and end. */
  stop(): void
}

/** What a drill says is kept up to here; the end is always told. */
const MOST_EVENTS = 5000
const PROGRAM = join(import.meta.dirname, '../../bin/maru-drill.ts')

/** One drill that was started; the last one stays to be read after its end. */
interface Course {
  start: DrillStart
  readonly events: DrillEvent[]
  readonly news: EventEmitter
  readonly child: ChildProcess
}

/** A runner that has nothing to do yet. */
export function makeDrillRunner(config: AgentConfig, docker: Docker, log: Log): DrillRunner {
  let course: Course | undefined
  const underWay = () => (course?.start.finishedAt === null ? course : undefined)
  const isLab = () => exists(join(config.home, HOME.lab))
  const elsewhere = async () =>
    (await import('#drills/members-here.ts')).memberElsewhere({ docker, installation: config.installation })
  return {
    state: async () => {
      const [lab, member] = await Promise.all([isLab(), elsewhere().catch(() => undefined)])
      return { lab, underWay: underWay()?.start ?? null, elsewhere: member ?? null }
    },
    start: async (request) => {
      await checkMayRun(request.drill, config.home, { isLab: await isLab(), elsewhere })
      const other = underWay()
      if (other !== undefined) throw new MaruError('drills.busy', { drill: other.start.drill })
      course = begin(config, request)
      log.info('agent.drill_started', { drill: request.drill, startedBy: request.startedBy })
      void carryOut(course).catch((error: unknown) => log.error('agent.drill_failed', { error }))
      return course.start
    },
    checkKnown: (start) => {
      if (course?.start.id !== start) throw new MaruError('drills.lost', { start })
    },
    follow: async (start, after, emit, signal) => {
      if (course?.start.id === start) await followCourse(course, after, emit, signal)
    },
    stop: () => void underWay()?.child.kill('SIGINT'),
  }
}

async function checkMayRun(
  name: string,
  home: string,
  { isLab, elsewhere }: { readonly isLab: boolean; readonly elsewhere: () => Promise<string | undefined> },
): Promise<void> {
  const [{ findDrill }, { checkAllowed, checkForAgent, checkPairHere, onOneHost }] = await Promise.all([
    import('#drills/register.ts'),
    import('#drills/permission.ts'),
  ])
  const drill = onOneHost(findDrill(name), home)
  checkForAgent(drill)
  checkAllowed(drill, { isLab, understands: false, home })
  await checkPairHere(drill, elsewhere)
}

function begin({ home, dockerSocket }: AgentConfig, { id, drill, startedBy }: DrillStartRequest): Course {
  const argv = [PROGRAM, '--home', home, '--docker', dockerSocket, '--drill', drill]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const start = { id, drill, startedBy, startedAt: new Date().toISOString(), finishedAt: null }
  return { start, events: [], news: new EventEmitter().setMaxListeners(0), child }
}

/** Takes what the drill's process says, until it ends; one that ends without a last word has failed. */
async function carryOut(course: Course): Promise<void> {
  const { child, start } = course
  let complaint = ''
  child.stderr?.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2000)
  })
  const closed = once(child, 'close').catch((error: Error) => {
    complaint = error.message
  })
  try {
    if (child.stdout)
      for await (const line of textLines(child.stdout)) add(course, DrillEvent.parse(JSON.parse(line)))
  } finally {
    await closed
    if (!course.events.some(isLastDrillEvent)) add(course, brokenOff(start.drill, lastWords(complaint)))
    course.start = { ...start, finishedAt: new Date().toISOString() }
    course.news.emit('event')
  }
}

function add({ events, news }: Course, event: DrillEvent): void {
  // The line of what can be seen right now replaces the one before; there would be thousands.
  if (events.length >= MOST_EVENTS && !isLastDrillEvent(event)) return
  events.push(event)
  news.emit('event')
}

async function followCourse(
  course: Course,
  after: number,
  emit: (event: NumberedDrillEvent) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let number = after + 1; !signal.aborted; number += 1) {
    const event = course.events[number - 1]
    if (event === undefined) {
      if (course.events.some(isLastDrillEvent)) return
      await once(course.news, 'event', { signal }).catch(() => {})
      number -= 1
      continue
    }
    await emit({ number, event })
    if (isLastDrillEvent(event)) return
  }
}
