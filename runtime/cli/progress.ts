import type { WriteStream } from 'node:tty'
import { elapsed } from '#runtime/kit/human-units.ts'
import { safeText } from '#runtime/kit/safe-text.ts'
import type { Paint } from './colour.ts'
import { truncate } from './terminal-text.ts'

/** Steps that follow one another, with a log below each. Texts and lines are made safe for a terminal. */
export interface Progress {
  /** Ends the step before as done and begins the next. */
  step(text: string): void
  /** Changes the text of the current step, such as a percentage. */
  update(text: string): void
  log(line: string): void
  /** A remark in between; the current step stays. */
  note(text: string): void
  /** Ends the current step. */
  end(result: 'done' | 'failed'): void
  /** Takes the current step away without a word. */
  clear(): void
  isActive(): boolean
}

interface Screen {
  readonly stream: WriteStream
  readonly paint: Paint
  readonly now: () => number
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const FRAME_MS = 100
const CLEAR_LINE = '\r\u001b[K'
const MARKS = { done: ['green', '✓'], failed: ['red', '✗'] } as const

/** For a terminal: the current step is one line that is drawn again and again, with a spinner and its elapsed time. */
function drawnProgress({ stream, paint, now }: Screen): Progress {
  let current: { text: string; readonly since: number; readonly timer: NodeJS.Timeout } | undefined
  const draw = () => {
    if (current === undefined) return
    const ms = now() - current.since
    const frame = FRAMES[Math.floor(ms / FRAME_MS) % FRAMES.length] ?? ''
    const text = truncate(current.text, (stream.columns || 80) - 12)
    stream.write(`${CLEAR_LINE}${paint('cyan', frame)} ${text} ${paint('dim', elapsed(ms))}`)
  }
  const end = (result: 'done' | 'failed') => {
    if (current === undefined) return
    clearInterval(current.timer)
    const [style, mark] = MARKS[result]
    const time = paint('dim', elapsed(now() - current.since))
    stream.write(`${CLEAR_LINE}${paint(style, mark)} ${current.text} ${time}\n`)
    current = undefined
  }
  return {
    step(text) {
      end('done')
      current = { text: safeText(text), since: now(), timer: setInterval(draw, FRAME_MS).unref() }
      draw()
    },
    update(text) {
      if (current !== undefined) current.text = safeText(text)
    },
    log(line) {
      stream.write(`${CLEAR_LINE}${paint('dim', `  │ ${safeText(line)}`)}\n`)
      draw()
    },
    note(text) {
      stream.write(`${current === undefined ? '' : CLEAR_LINE}${text}\n`)
      draw()
    },
    end,
    clear() {
      if (current === undefined) return
      clearInterval(current.timer)
      stream.write(CLEAR_LINE)
      current = undefined
    },
    isActive: () => current !== undefined,
  }
}

/** For files and pipes: a line when a step begins, another when it took longer than a second. */
function linedProgress({ stream, now }: Screen): Progress {
  let current: { text: string; readonly since: number } | undefined
  const end = (result: 'done' | 'failed') => {
    if (current === undefined) return
    const ms = now() - current.since
    if (result === 'failed' || ms >= 1000) stream.write(`  ${result} after ${elapsed(ms)}\n`)
    current = undefined
  }
  return {
    step(text) {
      end('done')
      current = { text: safeText(text), since: now() }
      stream.write(`${current.text}\n`)
    },
    update() {},
    log: (line) => void stream.write(`  | ${safeText(line)}\n`),
    note: (text) => void stream.write(`${text}\n`),
    end,
    clear() {
      current = undefined
    },
    isActive: () => current !== undefined,
  }
}

const SILENT: Progress = {
  step() {},
  update() {},
  log() {},
  note() {},
  end() {},
  clear() {},
  isActive: () => false,
}

/** Progress as the stream allows; none at all where the answer is JSON. */
export function makeProgress(screen: Screen, json: boolean): Progress {
  if (json) return SILENT
  return screen.stream.isTTY ? drawnProgress(screen) : linedProgress(screen)
}

/** A wait longer than this needs a sign of life. */
const PATIENCE_MS = 1000

/** Shows that something is being waited for, once it takes longer than people expect. */
export async function showWaiting<T>(progress: Progress, text: string, work: Promise<T>): Promise<T> {
  if (progress.isActive()) return work
  const timer = setTimeout(() => progress.step(text), PATIENCE_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    progress.clear()
  }
}
