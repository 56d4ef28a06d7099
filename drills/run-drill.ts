import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import type { DrillPlace, DrillText, Measured, Stages, Teller } from './drill.ts'
import { judge } from './judge.ts'
import { NothingProven, notMeasured } from './not-measured.ts'
import { makeTimeKeeper, type TimeKeeper } from './time-keeper.ts'

/** A drill whose stages work at such a place. */
export interface DrillAt<Place> extends DrillText {
  begin(place: Place): Stages
}

export interface RunOfDrill<Place extends Teller = DrillPlace> {
  readonly place: Omit<Place, 'mark' | 'say' | 'show'>
  readonly where: DrillResult['place']
  readonly progress: Progress
  readonly now: () => Date
  /** What runs here; asked before the drill begins. */
  readonly versions?: () => Promise<DrillResult['versions']>
}

/** A run under way: the drill's hands, and who writes down when. */
interface Course<Place extends Teller = Teller> {
  readonly drill: DrillText
  readonly place: Place
  readonly times: TimeKeeper
  readonly progress: Progress
  /** Seconds since the drill began. */
  readonly elapsedS: () => number
}

/**
 * Runs one drill through its stages. What fails from the fault on is a result that did not pass; what fails before, or
 * because somebody interrupts it, is none. The clean-up comes in any case; when it fails after a measurement, the
 * result still counts and the person is told what is left.
 */
export async function runDrill<Place extends Teller = DrillPlace>(
  drill: DrillAt<Place>,
  run: RunOfDrill<Place>,
): Promise<DrillResult> {
  const startedAt = run.now()
  const versions = await run.versions?.()
  const course = begin(drill, run)
  const stages = drill.begin(course.place)
  try {
    const measured = await measure(course, stages)
    const { times } = course
    return judge(drill, measured, {
      startedAt,
      finishedAt: run.now(),
      place: run.where,
      versions,
      timeLine: times.timeLine(),
      originMs: times.originMs(),
    })
  } finally {
    await cleanUp(drill, stages, run.progress)
  }
}

function begin<Place extends Teller>(
  drill: DrillText,
  { place, progress }: RunOfDrill<Place>,
): Course<Place> {
  const times = makeTimeKeeper()
  const begunMs = performance.now()
  const elapsedS = () => Math.round((performance.now() - begunMs) / 1000)
  const teller: Omit<Teller, 'signal'> = {
    say: progress.log,
    show: (text) => progress.update(`${text} (${elapsedS()} s of about ${drill.expectedS} s)`),
    mark: (label, when) => {
      times.mark(label, when)
      progress.log(sentenceOf(times, label))
    },
  }
  // A place without what tells, and what tells, are a place; the compiler cannot know that of any kind of place.
  return { drill, times, progress, elapsedS, place: { ...place, ...teller } as unknown as Place }
}

/** What was marked last, as a line: `first success 1.32 s after the fault`. */
function sentenceOf(times: TimeKeeper, label: string): string {
  const mark = times.timeLine()?.marks.findLast((one) => one.label === label)
  return mark === undefined || label === 'fault' ? label : `${label} ${mark.atS.toFixed(2)} s after the fault`
}

const STAGES = { setUp: 'set-up', fault: 'fault', measure: 'measurement' } as const

async function measure(course: Course, stages: Stages): Promise<Measured> {
  const { drill, place, progress } = course
  await stage(course, STAGES.setUp, drill.setUp, stages.setUp)
  try {
    await stage(course, STAGES.fault, drill.fault, stages.fault)
    return await stage(course, STAGES.measure, Object.keys(drill.measures).join(', '), stages.measure)
  } catch (error) {
    const isNone = place.signal.aborted || (error as Error).cause instanceof NothingProven
    if (isNone || !(error instanceof MaruError)) throw error
    const { stage, reason } = error.params
    // Before the clean-up, and in full: what is recorded names no address.
    progress.note(`The ${stage} failed: ${reason}`)
    return notMeasured(String(stage), String(reason))
  }
}

async function stage<T>(
  { drill, place, times, progress }: Course,
  name: (typeof STAGES)[keyof typeof STAGES],
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${what}`
  progress.step(title)
  const end = times.begin(name)
  try {
    place.signal.throwIfAborted()
    const done = await work()
    // Instead of what was shown last.
    progress.update(title)
    progress.end('done')
    return done
  } catch (error) {
    progress.end('failed')
    throw stopped(drill, name, place.signal, error)
  } finally {
    end()
  }
}

function stopped(drill: DrillText, stage: string, signal: AbortSignal, error: unknown): MaruError {
  const why = error instanceof Error ? error.message : String(error)
  const reason = signal.aborted ? 'it was interrupted' : why
  return new MaruError('drills.stopped', { drill: drill.name, stage, reason }, { cause: error })
}

async function cleanUp(drill: DrillText, stages: Stages, progress: Progress): Promise<void> {
  progress.step('Clean-up')
  try {
    await stages.cleanUp()
    progress.end('done')
  } catch (error) {
    progress.end('failed')
    const reason = error instanceof Error ? error.message : String(error)
    progress.note(`Not everything was cleaned up: ${reason}. docs/drills/${drill.name}.md says what is left.`)
  }
}
