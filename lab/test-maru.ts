import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '#tests/harness.ts'
import { type Lab, runIn } from './index.ts'

const TIMEOUT_MS = 300_000
export const MARU = join(ROOT, 'maru')

/** Runs a command of the platform on a host of a lab; anything but exit code 0 fails with what it printed. Gives its output. */
export async function maruOn(lab: Lab, host: string, ...args: string[]): Promise<string> {
  const done = await runIn(lab, host, [MARU, ...args], { timeoutMs: TIMEOUT_MS })
  assert.equal(done.exitCode, 0, `maru ${args.join(' ')} on ${host}: ${done.stdout}${done.stderr}`)
  return done.stdout
}
