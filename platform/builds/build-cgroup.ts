import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BUILD_SLICE } from '#contract/installation.ts'
import type { EngineInfo } from '#runtime/drivers/docker.ts'
import { controlGroups, removeGroups } from '#runtime/drivers/engine-groups.ts'
import { exists, readText } from '#runtime/drivers/files.ts'
import { randomId } from '#runtime/kit/random-id.ts'

/** A control group above all steps of a build: the engine's builder has no limit on processes of its own. */
export interface BuildCgroup {
  /** As the engine takes it for a container's parent. */
  readonly parent: string
  limitHit(): Promise<boolean>
  close(): Promise<void>
}

/**
 * Makes the group, or names one that systemd makes and removes where the tree is systemd's: `maru up` told it how many
 * processes such a slice may have.
 */
export async function openBuildCgroup(info: EngineInfo, processes: number): Promise<BuildCgroup> {
  const root = await controlGroups()
  const name = randomId(BUILD_SLICE).replace('_', '-')
  const tree = info.cgroupVersion === '1' ? join(root, 'pids') : root
  if (info.cgroupDriver === 'systemd') {
    const folder = join(tree, ...slicesAbove(name), `${name}.slice`)
    return { parent: `${name}.slice`, limitHit: () => limitHit(folder, processes), close: async () => {} }
  }
  const folder = join(tree, name)
  await mkdir(folder)
  await writeFile(join(folder, 'pids.max'), String(processes))
  return {
    parent: `/${name}`,
    limitHit: () => limitHit(folder, processes),
    close: () => removeGroups(info, name, root),
  }
}

/** Folders of the slices that systemd puts above one: each dash of a slice's name is a step down. */
export function slicesAbove(name: string): string[] {
  const parts = name.split('-')
  return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`)
}

/**
 * Whether there were as many processes at one time as there may be, in steps that are over too. A refused fork itself
 * is counted in the step's own group, which is gone with the step; only kernels before `pids.peak` are asked for that.
 */
async function limitHit(folder: string, processes: number): Promise<boolean> {
  const peak = await readText(join(folder, 'pids.peak'))
  if (peak !== undefined) return Number(peak) >= processes
  // A slice is there only while a step is in it.
  if (!(await exists(folder))) return false
  const steps = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const groups = [folder, ...steps.map(({ name }) => join(folder, name))]
  return (await Promise.all(groups.map(countsRefusal))).some(Boolean)
}

async function countsRefusal(group: string): Promise<boolean> {
  const events = await readText(join(group, 'pids.events'))
  return Number(/^max (\d+)/m.exec(events ?? '')?.[1] ?? 0) > 0
}
