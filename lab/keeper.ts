import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ensureGroup, inGroups, processesIn } from '#runtime/drivers/control-groups.ts'
import { programOf } from '#runtime/drivers/namespaces.ts'
import { startDetached } from '#runtime/drivers/process.ts'
import { LAB_FILES, type Lab } from './lab.ts'

const TIMEOUT_MS = 30_000
const EVERY_MS = 10

/** Folder of one of the lab's groups in the unified hierarchy. */
export const groupFolder = ({ trees, plan }: Pick<Lab, 'trees' | 'plan'>, name: string) =>
  join(trees.unified, plan.group, name)

/** Asks until there is an answer; what `give up` throws is the reason when it does not come. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs / 1000} s`)
    await delay(EVERY_MS)
  }
}

export interface Keeper {
  /** Its group, in which it is alone: so it is found again without a file that could be wrong. */
  readonly group: string
  /** What it is called when it is ready. */
  readonly program: string
  readonly argv: readonly string[]
}

/** The process of a keeper that is ready; undefined when there is none. */
export async function findKeeper(
  lab: Lab,
  { group, program }: Pick<Keeper, 'group' | 'program'>,
): Promise<number | undefined> {
  for (const pid of await processesIn(groupFolder(lab, group)))
    if ((await programOf(pid)) === program) return pid
  return undefined
}

/** Starts the process that keeps a part of the lab alive, where it is not running; gives its process id. */
export async function ensureKeeper(lab: Lab, keeper: Keeper): Promise<number> {
  const folder = groupFolder(lab, keeper.group)
  await ensureGroup(folder)
  if ((await processesIn(folder)).length === 0) {
    const log = openSync(join(lab.home, LAB_FILES.logs, `${keeper.group}.log`), 'a', 0o600)
    try {
      startDetached(inGroups([folder], keeper.argv), log)
    } finally {
      closeSync(log)
    }
  }
  return waitFor(`${keeper.group} (${keeper.program})`, () => findKeeper(lab, keeper))
}
