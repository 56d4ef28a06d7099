import type { TimeLine } from '#contract/drill-result.ts'
import { DRILL_LIMITS } from '#contract/drill-result.ts'
import type { MarkTime } from './drill.ts'

type StageName = TimeLine['stages'][number]['name']

interface Moment {
  readonly label: string
  readonly atMs: number
  readonly source: string | null
}

/** Notes what happened when, by the clock of `performance.now()`, which nobody sets. */
export interface TimeKeeper {
  mark(label: string, when?: MarkTime): void
  /** Begins a stage; the answer ends it. */
  begin(name: StageName): () => void
  /** From where the time line counts; undefined before the fault. */
  originMs(): number | undefined
  /** Undefined when it never came to the fault. */
  timeLine(): TimeLine | undefined
}

/** The wall clock's reading as one of `performance.now()`, as far as the wall clock can be trusted. */
const steadyMs = (at: Date) => at.getTime() - (Date.now() - performance.now())

/** A time line that is still empty. */
export function makeTimeKeeper(): TimeKeeper {
  const moments: Moment[] = []
  const stages: Array<{ name: StageName; fromMs: number; toMs: number }> = []
  const originMs = () =>
    moments.find(({ label }) => label === 'fault')?.atMs ??
    stages.find(({ name }) => name === 'fault')?.fromMs
  return {
    mark: (label, { at, source } = {}) => {
      const atMs = at instanceof Date ? steadyMs(at) : (at ?? performance.now())
      if (moments.length < DRILL_LIMITS.marks) moments.push({ label, atMs, source: source ?? null })
    },
    begin: (name) => {
      const stage = { name, fromMs: performance.now(), toMs: performance.now() }
      stages.push(stage)
      return () => {
        stage.toMs = performance.now()
      }
    },
    originMs,
    timeLine: () => {
      const origin = originMs()
      if (origin === undefined) return undefined
      const secondsOf = (ms: number) => Math.round(ms - origin) / 1000
      return {
        faultAt: new Date(origin + Date.now() - performance.now()).toISOString(),
        stages: stages.map(({ name, fromMs, toMs }) => ({
          name,
          fromS: secondsOf(fromMs),
          toS: secondsOf(toMs),
        })),
        marks: moments
          .map(({ label, atMs, source }) => ({ label, atS: secondsOf(atMs), source }))
          .sort((one, other) => one.atS - other.atS),
      }
    },
  }
}
