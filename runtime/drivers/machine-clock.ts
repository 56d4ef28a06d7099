import { uptime } from 'node:os'
import { readText } from './files.ts'

/** Time as the machine counts it from its start: nobody sets it, and it goes on while programs are started again. */
export interface MachineClock {
  /** Names this run of the machine; another one counts from zero. */
  readonly run: string
  sinceStartMs(): number
}

/** The clock of this machine. */
export async function readMachineClock(): Promise<MachineClock> {
  const run = (await readText('/proc/sys/kernel/random/boot_id')) ?? ''
  return { run: run.trim(), sinceStartMs: () => Math.round(uptime() * 1000) }
}
