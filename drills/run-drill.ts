import { MaruError } from '#contract/errors.ts'
import type { DrillResult } from '#contract/trust.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { judge } from './judge.ts'

export interface RunOfDrill {
  readonly place: DrillPlace
  readonly where: DrillResult['place']
  readonly progress: Progress
  readonly now: () => Date
}

/**
 * Runs one drill through its stages. The clean-up comes in any case; when it fails after a measurement, the result
 * still counts and the person is told what is left.
 */
export async function runDrill(drill: Drill, run: RunOfDrill): Promise<DrillResult> {
  const startedAt = run.now()
  const stages = drill.begin(run.place)
  try {
    const measured = await measure(drill, stages, run)
    return judge(drill, measured, { startedAt, finishedAt: run.now(), place: run.where })
  } finally {
    await cleanUp(drill, stages, run.progress)
  }
}

async function measure(drill: Drill, stages: Stages, { place, progress }: RunOfDrill): Promise<Measured> {
  const stage = async <T>(name: string, what: string, work: () => Promise<T>): Promise<T> => {
    progress.step(`${name}: ${what}`)
    try {
      place.signal.throwIfAborted()
      const done = await work()
      progress.end('done')
      return done
    } catch (error) {
      progress.end('failed')
      throw stopped(drill, name, place.signal, error)
    }
  }
  await stage('Set-up', drill.setUp, stages.setUp)
  await stage('Fault', drill.fault, stages.fault)
  return stage('Measurement', Object.keys(drill.measures).join(', '), stages.measure)
}

function stopped(drill: Drill, stage: string, signal: AbortSignal, error: unknown): MaruError {
  const why = error instanceof Error ? error.message : String(error)
  const reason = signal.aborted ? 'it was interrupted' : why
  return new MaruError(
    'drills.stopped',
    { drill: drill.name, stage: stage.toLowerCase(), reason },
    { cause: error },
  )
}

async function cleanUp(drill: Drill, stages: Stages, progress: Progress): Promise<void> {
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
