import { pause } from '#runtime/kit/pause.ts'

const EVERY_MS = 100

export interface Wait {
  readonly timeoutS: number
  readonly signal: AbortSignal
}

/** Seconds until `probe` says yes. When it never does, the whole time that was waited: "at least that long". */
export async function secondsUntil(wait: Wait, probe: () => boolean | Promise<boolean>): Promise<number> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  while (seconds() < wait.timeoutS) {
    wait.signal.throwIfAborted()
    if (await probe()) break
    await pause(EVERY_MS, wait.signal)
  }
  return seconds()
}

/** Waits for what a drill needs to go on; where it does not come, the stage fails. */
export async function waitUntil(
  what: string,
  wait: Wait,
  probe: () => boolean | Promise<boolean>,
): Promise<void> {
  if ((await secondsUntil(wait, probe)) >= wait.timeoutS)
    throw new Error(`${what}: not within ${wait.timeoutS} s`)
}
