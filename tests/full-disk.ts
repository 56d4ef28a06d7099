import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { run } from '#runtime/drivers/process.ts'
import { HOME } from './harness.ts'

/** What is left free: less than a build needs, enough for everything else on the machine to go on. */
const LEAVE_BYTES = 600 * 2 ** 20

/** Fills the disk of the data folder (by reservation, nothing is written) until the test ends. */
export async function fillDisk(t: TestContext): Promise<void> {
  const ballast = join(HOME, 'ballast')
  t.after(() => rm(ballast, { force: true }))
  const { bavail, bsize } = await statfs(HOME)
  const done = await run(['fallocate', '--length', String(bavail * bsize - LEAVE_BYTES), ballast])
  if (done.exitCode !== 0) throw new Error(done.stderr)
}
