import type { WriteStream } from 'node:tty'

/** Shows steps, also several at the same time. */
export interface HostProgress {
  step<T>(title: string, expectedS: number, logFile: string | undefined, work: () => Promise<T>): Promise<T>
  note(text: string): void
}

/** A line when a step begins and one when it ends, with elapsed and expected time; nothing where the answer is JSON. */
export function makeHostProgress(stream: WriteStream, quiet: boolean): HostProgress {
  const write = (text: string) => {
    if (!quiet) stream.write(`${text}\n`)
  }
  return {
    note: write,
    step: async (title, expectedS, logFile, work) => {
      const since = performance.now()
      const seconds = () => `${((performance.now() - since) / 1000).toFixed(1)} s`
      const log = logFile === undefined ? '' : `, log: ${logFile}`
      write(`… ${title} (about ${expectedS} s${log})`)
      try {
        const result = await work()
        write(`✓ ${title}  ${seconds()}`)
        return result
      } catch (error) {
        write(`✗ ${title}  ${seconds()}`)
        throw error
      }
    },
  }
}
