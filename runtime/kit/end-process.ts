import type { Writable } from 'node:stream'

/**
 * Ends this program, whatever connections are still open, once its readers have all that it said: what waits for a pipe that is full
 * is lost with the process. Its exit code is that of `process.exitCode`.
 */
export async function endProcess(): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(taken))
  process.exit()
}

/** Resolved when all that was written has been taken, or nobody reads any more. */
const taken = (stream: Writable) =>
  new Promise<void>((resolve) => {
    if (stream.writableLength === 0) resolve()
    else stream.write('', () => resolve())
  })
