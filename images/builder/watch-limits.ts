import { readFileSync } from 'node:fs'
import { BUILD_EXIT } from './layout.ts'

/** Counters of the kernel for this container: file and word, for cgroup version 1 and 2. */
const COUNTERS = [
  { file: '/sys/fs/cgroup/memory/memory.oom_control', word: 'oom_kill', exit: BUILD_EXIT.memory },
  { file: '/sys/fs/cgroup/memory.events', word: 'oom_kill', exit: BUILD_EXIT.memory },
  { file: '/sys/fs/cgroup/pids/pids.events', word: 'max', exit: BUILD_EXIT.processes },
  { file: '/sys/fs/cgroup/pids.events', word: 'max', exit: BUILD_EXIT.processes },
] as const

/** The exit code for a limit that was hit; undefined when none was. */
export function limitHit(): number | undefined {
  return COUNTERS.find(({ file, word }) => counterIn(file, word) > 0)?.exit
}

function counterIn(file: string, word: string): number {
  try {
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .find((text) => text.startsWith(`${word} `))
    return Number(line?.slice(word.length + 1) ?? 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** Ends the program, and with it the container, when a limit is hit: a build that forks without end never ends itself. */
export function watchLimits(): void {
  const timer = setInterval(() => {
    const exit = limitHit()
    if (exit !== undefined) process.exit(exit)
  }, 250)
  timer.unref()
}
