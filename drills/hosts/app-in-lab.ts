import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { RunResult } from '#runtime/drivers/process.ts'
import type { LabHands, LabHost } from './hosts-place.ts'

const PROGRAM_DIR = join(import.meta.dirname, '../..')
const MARU = join(PROGRAM_DIR, 'maru')
/** Answers a request with a row of its database, once that was acknowledged. */
const SOURCE = join(import.meta.dirname, '../ledger-app')

/** The app of the drills that one command carries out: the first that needs it deploys it. */
export function sharedApp(hands: Pick<LabHands, 'run' | 'isRunning'>, hosts: readonly LabHost[]) {
  const name = `drill-ledger-${randomInt(36 ** 5).toString(36)}`
  let deployed: Promise<string> | undefined
  const deploy = async () => {
    const done = await maruInLab(hands, hosts, deployOf(name))
    if (done.exitCode === 0) return name
    deployed = undefined
    throw new Error(`\`maru deploy\` ended with ${done.exitCode}: ${done.stderr.trim().split('\n').at(-1)}`)
  }
  return {
    name: (): Promise<string> => {
      deployed ??= deploy()
      return deployed
    },
    destroy: async (): Promise<void> => {
      if (deployed === undefined) return
      const done = await maruInLab(hands, hosts, ['destroy', name, '--confirm', name, '--json'])
      if (done.exitCode !== 0 && !done.stderr.includes('"apps.not_found"'))
        throw new Error(`the app ${name} is left: ${done.stderr.trim().split('\n').at(-1)}`)
    },
  }
}

/** Runs the command line on a host. */
export const maruOn = (
  { run }: Pick<LabHands, 'run'>,
  host: string,
  args: readonly string[],
): Promise<RunResult> => run(host, [MARU, ...args])

/** Arguments of the command line that deploy the source of the drills' app under a name. */
export const deployOf = (app: string): string[] => ['deploy', SOURCE, '--app', app, '--json']

/** Runs the command line on the first host where it succeeds. */
export async function maruInLab(
  { run, isRunning }: Pick<LabHands, 'run' | 'isRunning'>,
  hosts: readonly LabHost[],
  args: readonly string[],
): Promise<RunResult> {
  let done: RunResult = { exitCode: null, stdout: '', stderr: 'no host runs', timedOut: false }
  for (const { name } of hosts) {
    if (!(await isRunning(name))) continue
    done = await maruOn({ run }, name, args)
    if (done.exitCode === 0) return done
  }
  return done
}
