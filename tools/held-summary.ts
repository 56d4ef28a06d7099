/** Text that passes through, and the part that is kept for the end. */
export interface HeldSummary {
  add(chunk: string): void
  /** The summary, and what came after it. */
  end(): string
}

/**
 * Passes the runner's lines on as they come, but keeps its summary (from `ℹ tests N` on), so that it can be the very
 * last thing that is printed, after the clean-up has spoken.
 */
export function holdSummary(print: (line: string) => void): HeldSummary {
  const kept: string[] = []
  let unfinished = ''
  return {
    add(chunk) {
      const lines = (unfinished + chunk).split('\n')
      unfinished = lines.pop() ?? ''
      for (const line of lines) {
        if (kept.length > 0 || /^ℹ tests \d+$/.test(line)) kept.push(line)
        else print(line)
      }
    },
    end: () => [...kept, unfinished].join('\n'),
  }
}

const COUNT = /^ℹ (\w+) ([\d.]+)$/

/** One summary for what was tested in two runs: the counts of both, and what else each of them says, such as its failures. */
export function addSummaries(earlier: string, later: string): string {
  const counts = new Map(
    earlier.split('\n').flatMap((line) => {
      const [, what = '', count] = COUNT.exec(line) ?? []
      return count === undefined ? [] : [[what, Number(count)] as const]
    }),
  )
  const sum = (line: string) => {
    const [, what = '', count] = COUNT.exec(line) ?? []
    return count === undefined ? line : `ℹ ${what} ${Number(count) + (counts.get(what) ?? 0)}`
  }
  const others = earlier.split('\n').filter((line) => !COUNT.test(line) && line.trim() !== '')
  return [...later.split('\n').map(sum), ...others].join('\n')
}
