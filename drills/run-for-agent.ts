import type { DrillEvent } from '#contract/drills.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import { carryOut, type Ground, recordResult } from './carry-out.ts'
import type { Field } from './field.ts'
import { findDrill } from './register.ts'
import { asRefusal } from './run-in-turn.ts'

export type Emit = (event: DrillEvent) => void

/** Carries out a drill that was asked for from the platform, and records it; every step is an event. */
export async function runForAgent(ground: Omit<Ground, 'progress'>, name: string, emit: Emit): Promise<void> {
  await carryOutTelling(name, emit, async (progress) => ({
    carryOut: (drill) => carryOut(drill, { ...ground, progress }),
    record: (result) => recordResult(ground.home, result, ground.signal),
    close: async () => {},
  }))
}

/** Carries a drill out where `open` leads, and hands in what it found; every step is an event, and so is the end. */
export async function carryOutTelling(
  name: string,
  emit: Emit,
  open: (progress: Progress) => Promise<Pick<Field, 'carryOut' | 'record' | 'close'>>,
): Promise<void> {
  try {
    const field = await open(tellingProgress(emit))
    try {
      const result = await field.carryOut(findDrill(name))
      // The platform may not be there any more to take it.
      emit({ type: 'log', line: result.result })
      emit({ type: 'step', text: 'Recording the result' })
      const { id, passed } = await field.record(result)
      emit({ type: 'done', run: id, passed, text: result.result })
    } finally {
      await field.close()
    }
  } catch (error) {
    emit({ type: 'failed', error: asRefusal({ name }, error).toBody().error })
  }
}

/** How often what can be seen right now is told: a page draws no faster than that. */
const SHOW_MS = 500

/** Progress as events. */
function tellingProgress(emit: Emit): Progress {
  let active = false
  let shownMs = 0
  return {
    step: (text) => {
      active = true
      emit({ type: 'step', text })
    },
    update: (text) => {
      if (performance.now() - shownMs < SHOW_MS) return
      shownMs = performance.now()
      emit({ type: 'show', text })
    },
    log: (line) => emit({ type: 'log', line }),
    note: (line) => emit({ type: 'log', line }),
    end: () => {
      active = false
    },
    clear: () => {
      active = false
    },
    isActive: () => active,
  }
}
