import type { RunResult } from '#runtime/drivers/process.ts'
import type { DrillPlace } from './drill.ts'

/** Runs the command line; anything but exit code 0 is a failure of the drill, not a finding. */
export async function maruOk(
  { maru }: Pick<DrillPlace, 'maru'>,
  ...args: readonly string[]
): Promise<RunResult> {
  const done = await maru(args)
  if (done.exitCode === 0) return done
  throw new Error(`\`maru ${args.join(' ')}\` ended with ${done.exitCode}: ${done.stderr.trim()}`)
}
