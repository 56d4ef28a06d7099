/** A line of a log as it is shown. `key` grows by one with each line. */
export interface ShownLine {
  readonly key: number
  /** Where it comes from, such as web.1 or build; empty where that is clear. */
  readonly source: string
  readonly text: string
  /** The server's time; null where lines have none. */
  readonly at: string | null
}

/** The newest lines of a log. */
export interface Lines {
  readonly shown: readonly ShownLine[]
  /** Older lines that were let go. */
  readonly leftOut: number
}

/** Collects lines as fast as they come and shows them a few times a second: a flood must not freeze the page. */
export interface LineBuffer {
  add(line: Omit<ShownLine, 'key'>): void
  clear(): void
  subscribe(listener: () => void): () => void
  /** The same object until something was shown. */
  current(): Lines
}

const NONE: Lines = { shown: [], leftOut: 0 }

/** A buffer that keeps the newest `max` lines and shows what came every `everyMs`. */
export function makeLineBuffer(max: number, everyMs = 100): LineBuffer {
  const listeners = new Set<() => void>()
  let waiting: ShownLine[] = []
  let current = NONE
  let added = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = () => {
    timer = undefined
    const shown = [...current.shown, ...waiting].slice(-max)
    waiting = []
    current = { shown, leftOut: added - shown.length }
    for (const listener of listeners) listener()
  }
  return {
    add(line) {
      waiting.push({ ...line, key: added })
      added += 1
      // A hidden page's timers are slow; what could never be shown is not kept for it.
      if (waiting.length > 2 * max) waiting = waiting.slice(-max)
      timer ??= setTimeout(show, everyMs)
    },
    clear() {
      clearTimeout(timer)
      waiting = []
      added = 0
      current = NONE
      show()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    current: () => current,
  }
}
