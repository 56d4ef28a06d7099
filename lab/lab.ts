import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { MaruError, parseWith } from '#contract/errors.ts'
import { Instant } from '#contract/ids.ts'
import { DEFAULT_LAB_HOME, type Environment } from '#runtime/cli/context.ts'
import { findGroupTrees, type GroupTrees } from '#runtime/drivers/control-groups.ts'
import { readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import { BLOCKS, type HostPlan, hostsOf, type LabPlan, LabShape, planLab, type SitePlan } from './plan.ts'

/** This program's own folder. */
export const PROGRAM_DIR = join(import.meta.dirname, '..')

/** The lab's folder keeps all that outlives its processes. */
export const LAB_FILES = {
  lab: 'lab.json',
  logs: 'logs',
  /** How those without a disk of their own find names. */
  names: 'names',
  hosts: 'hosts',
} as const

const LabFile = z.strictObject({
  version: z.literal(1),
  createdAt: Instant,
  shape: LabShape,
  block: z.number().int().min(0).lt(BLOCKS).describe('Which part of the address range is this lab’s'),
  platform: z
    .strictObject({ host: z.string(), url: z.string() })
    .nullable()
    .describe('Where the platform runs; none: the hosts are bare'),
})
export type LabFile = z.infer<typeof LabFile>

/** A lab that is there, in whatever state. */
export interface Lab {
  readonly home: string
  readonly file: LabFile
  readonly plan: LabPlan
  readonly trees: GroupTrees
  /** The shell's, for what reaches the hosts of it: proxies, registries, the terminal. */
  readonly env: Environment
}

/** The folder becomes part of mount options and of the names of control groups. */
export function labHome(given: string | undefined): string {
  const home = resolve(given ?? DEFAULT_LAB_HOME)
  if (/^(\/[A-Za-z0-9._-]+)+$/.test(home)) return home
  const reason = 'must be a path of letters, digits, dots, hyphens and underscores'
  throw new MaruError('invalid', { field: '--home', reason })
}

const digestOf = (home: string) => createHash('sha256').update(home).digest('hex').slice(0, 6)

/** The lab's name follows from its folder alone, so that it can be taken away when nothing else is left. */
export function groupOf(home: string): string {
  const name = basename(home)
    .replace(/^maru-lab-?/, '')
    .slice(0, 20)
  return ['maru-lab', name, digestOf(home)].filter(Boolean).join('-')
}

/** The block of addresses that a lab's name asks for. */
export const wantedBlock = (home: string) => Number.parseInt(digestOf(home), 16) % BLOCKS

/** What the folder says; undefined where there is no lab. */
export async function loadLabFile(home: string): Promise<LabFile | undefined> {
  const file = join(home, LAB_FILES.lab)
  const found = await readJson(file)
  return found === undefined ? undefined : parseWith(LabFile, found, file)
}

/** Writes down what the lab is. */
export const saveLabFile = (home: string, file: LabFile) =>
  writeFileAtomic(join(home, LAB_FILES.lab), `${JSON.stringify(file, null, 2)}\n`)

/** The hierarchies in which labs live; refused where the kernel cannot freeze and kill groups. */
export async function requireGroupTrees(): Promise<GroupTrees> {
  const trees = await findGroupTrees()
  if (trees !== undefined) return trees
  const what = 'control groups of version 2 are not mounted'
  throw new MaruError('lab.unfit', {
    what,
    next: 'Mount them: `mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified`.',
  })
}

export const labOf = (home: string, file: LabFile, trees: GroupTrees, env: Environment): Lab => ({
  home,
  file,
  trees,
  env,
  plan: planLab(groupOf(home), file.block, file.shape),
})

/** The lab in a folder; `lab.not_up` where there is none. */
export async function openLab(home: string, env: Environment): Promise<Lab> {
  const file = await loadLabFile(home)
  if (file === undefined) throw new MaruError('lab.not_up', { home })
  return labOf(home, file, await requireGroupTrees(), env)
}

/** The host of this name. */
export function findHost({ plan }: Lab, name: string): HostPlan {
  const hosts = hostsOf(plan)
  const host = hosts.find((one) => one.name === name)
  if (host !== undefined) return host
  throw new MaruError('lab.unknown_host', { host: name, have: hosts.map((one) => one.name).join(', ') })
}

/** The data centre (or the place of the witness) of this name. */
export function findSite({ plan }: Lab, name: string): SitePlan {
  const site = plan.sites.find((one) => one.name === name)
  if (site !== undefined) return site
  throw new MaruError('lab.unknown_site', { site: name, have: plan.sites.map((one) => one.name).join(', ') })
}
