import { join } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { type DrillRun, drillRoutes } from '#contract/drills.ts'
import { HOME } from '#contract/installation.ts'
import { platformRoutes } from '#contract/platform.ts'
import { requireInstallation } from '#platform/hosts/index.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import type { Client } from '#runtime/cli/client.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import { ownProgram } from '#runtime/drivers/own-program.ts'
import { run } from '#runtime/drivers/process.ts'
import { retrying } from '#runtime/kit/retry.ts'
import { bringPrograms } from './bring-programs.ts'
import type { AnyDrill } from './drill.ts'
import { memberElsewhere } from './members-here.ts'
import { thisHost } from './part-host.ts'
import { checkAllowed, checkPairHere, onOneHost } from './permission.ts'
import { runDrill } from './run-drill.ts'
import { readVersions } from './versions.ts'

/** The installation that drills run on, and who watches. */
export interface Ground {
  readonly home: string
  readonly dockerSocket: string
  /** Somebody said that people may depend on it, and that a harmless drill may run all the same. */
  readonly understands?: boolean
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly now: () => Date
}

/** No command of a drill takes as long: one that hangs fails the drill instead of holding it for ever. */
const COMMAND_MS = 300_000
/** A drill may have taken the control plane away: what it found is handed in when that is back. */
export const RECORD_MS = 300_000

/** Whether the installation is marked as one on which nobody depends. */
export const isLab = (home: string): Promise<boolean> => exists(join(home, HOME.lab))

/** Carries out one drill on this host; its result is not recorded yet. */
export async function carryOut(named: AnyDrill, ground: Ground): Promise<DrillResult> {
  const drill = onOneHost(named, ground.home)
  const { home, dockerSocket, understands = false, progress, signal, now } = ground
  const installation = await requireInstallation(home)
  const where = checkAllowed(drill, { isLab: await isLab(home), understands, home })
  const docker = makeDocker(dockerSocket)
  await checkPairHere(drill, () => memberElsewhere({ docker, installation }))
  await bringPrograms(drill, home, progress)
  const place = {
    ...{ installation, home, docker },
    hostOf: async () => thisHost({ docker, home }),
    maru: (args: readonly string[]) => runMaru(home, args),
    signal,
  }
  const versions = async () => readVersions(place, await platformVersion(home))
  return await runDrill(drill, { place, where, progress, now, versions })
}

/** Only root may say what a drill found, so it goes over root's own socket. Handing it in twice is harmless. */
export async function recordResult(
  home: string,
  result: DrillResult,
  signal?: AbortSignal,
): Promise<DrillRun> {
  return await asRoot(home, (client) =>
    retrying(() => client.call(drillRoutes.record, { body: result }), { forMs: RECORD_MS, signal }),
  )
}

/** The version of the platform that answers; its own installation is asked, whatever the shell's settings are. */
async function platformVersion(home: string): Promise<string | undefined> {
  try {
    return (await asRoot(home, (client) => client.call(platformRoutes.status, {}))).version
  } catch {
    return undefined
  }
}

async function asRoot<T>(home: string, ask: (client: Client) => Promise<T>): Promise<T> {
  const client = makeClient({ kind: 'socket', path: rootSocket(home) })
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}

/** MARU_HOME alone would let a MARU_TOKEN of the shell lead to another platform; psql's own options come after `--`. */
function runMaru(home: string, args: readonly string[]) {
  const end = args.indexOf('--')
  const [own, rest] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end)]
  const argv = [process.execPath, ownProgram('maru'), ...own, '--home', home, ...rest] as const
  return run(argv, { env: { NO_COLOR: '1' }, timeoutMs: COMMAND_MS })
}
