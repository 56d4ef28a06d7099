import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import {
  ensureGroup,
  foldersOf,
  groupState,
  handControllersOn,
  inGroups,
  killGroup,
  processesIn,
  removeGroup,
  setFrozen,
} from '#runtime/drivers/control-groups.ts'
import { ensureFolder, readText, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { firstProcess, inNewNamespaces, numberFromOutside, programOf } from '#runtime/drivers/namespaces.ts'
import { startDetached } from '#runtime/drivers/process.ts'
import { otherDisks } from './disks.ts'
import { groupFolder, waitFor } from './keeper.ts'
import { LAB_FILES, type Lab, PROGRAM_DIR } from './lab.ts'
import { plugIn, unplug } from './network.ts'
import { type HostPlan, renderHostsFile } from './plan.ts'

export type HostState = 'running' | 'frozen' | 'off'

const BOOT_TIMEOUT_MS = 60_000

/** A host's folder: its disk, and the log of its boots. */
export const hostFolder = ({ home }: Lab, { name }: HostPlan) => join(home, LAB_FILES.hosts, name)

/** A host's data folder as seen from outside: it is on its disk, also while the host is off. */
export const dataFolder = (lab: Lab, host: HostPlan) => join(hostFolder(lab, host), 'disk', DEFAULT_HOME)
const ownGroup = ({ name }: HostPlan) => `host-${name}`
const unifiedFolder = (lab: Lab, host: HostPlan) => groupFolder(lab, ownGroup(host))
const groupName = ({ plan }: Lab, host: HostPlan) => join(plan.group, ownGroup(host))

/** The groups that whatever runs in a host belongs to. */
export function hostGroups(lab: Lab, host: HostPlan): string[] {
  const folders = foldersOf(lab.trees, groupName(lab, host))
  return [...folders.slice(0, -1), join(unifiedFolder(lab, host), 'init')]
}

/** The host's first process, as this machine counts. */
export async function initOf(lab: Lab, host: HostPlan): Promise<number | undefined> {
  return firstProcess(await processesIn(join(unifiedFolder(lab, host), 'init')))
}

/** A host's files as it sees them, for who looks from outside; refused when it is off or frozen. A link in them leads elsewhere. */
export const rootOf = async (lab: Lab, host: HostPlan): Promise<string> =>
  `/proc/${await requireRunning(lab, host)}/root`

/** The engine's socket in a host, as seen from outside. Not by /var/run: that link would lead to this machine's own. */
export const hostSocket = (init: number) => `/proc/${init}/root/run/docker.sock`

/** What the host is doing. */
export async function hostState(lab: Lab, host: HostPlan): Promise<HostState> {
  const state = await groupState(unifiedFolder(lab, host))
  if (state?.populated !== true || (await initOf(lab, host)) === undefined) return 'off'
  return state.frozen ? 'frozen' : 'running'
}

/** The first process of a host in which something can run; refused when it is off or frozen. */
export async function requireRunning(lab: Lab, host: HostPlan): Promise<number> {
  const state = await hostState(lab, host)
  if (state === 'frozen') throw new MaruError('lab.host_frozen', { host: host.name })
  const init = state === 'off' ? undefined : await initOf(lab, host)
  if (init === undefined) throw new MaruError('lab.host_off', { host: host.name })
  return init
}

/** Boots a host, with the disk that it had; one that runs stays as it is. */
export async function startHost(lab: Lab, host: HostPlan): Promise<void> {
  const state = await hostState(lab, host)
  if (state === 'frozen') throw new MaruError('lab.host_frozen', { host: host.name })
  if (state === 'off') await boot(lab, host)
  await plugIn(lab, host, await requireRunning(lab, host))
}

async function boot(lab: Lab, host: HostPlan): Promise<void> {
  const folder = hostFolder(lab, host)
  // What is left of a boot that did not come to its end.
  await clear(lab, host)
  await writeDisk(lab, host, folder)
  for (const tree of foldersOf(lab.trees, lab.plan.group)) await ensureGroup(tree)
  await handControllersOn(join(lab.trees.unified, lab.plan.group))
  for (const tree of foldersOf(lab.trees, groupName(lab, host))) await ensureGroup(tree)
  const log = join(folder, 'boot.log')
  const script = [
    join(PROGRAM_DIR, 'lab/boot-host.sh'),
    folder,
    host.name,
    PROGRAM_DIR,
    unifiedFolder(lab, host),
  ]
  const argv = inNewNamespaces(
    ['mount', 'net', 'uts', 'ipc', 'cgroup'],
    [...script, ...otherDisks((await readText('/proc/self/mountinfo')) ?? '', [lab.home, PROGRAM_DIR])],
  )
  const fd = openSync(log, 'w', 0o600)
  try {
    startDetached(inGroups(foldersOf(lab.trees, groupName(lab, host)), argv), fd)
  } finally {
    closeSync(fd)
  }
  await waitUntilBooted(lab, host, log)
}

async function waitUntilBooted(lab: Lab, host: HostPlan, log: string): Promise<void> {
  try {
    await waitFor(
      `${host.name} boots`,
      async () => {
        const init = await initOf(lab, host)
        // Before that it is the script that lays out the disk.
        if (init !== undefined && (await programOf(init)) === 'tini') return true
        const said = (await readText(log))?.trim()
        if (said && (await groupState(unifiedFolder(lab, host)))?.populated === false) throw new Error(said)
        return undefined
      },
      BOOT_TIMEOUT_MS,
    )
  } catch (error) {
    const said = (await readText(log))?.trim().split('\n').at(-1)
    const reason = said || (error instanceof Error ? error.message : String(error))
    throw new MaruError('lab.failed', { step: `Booting ${host.name}`, reason, log }, { cause: error })
  }
}

/** What an installer of the system would have asked; the host's own from then on. */
async function writeDisk(lab: Lab, host: HostPlan, folder: string): Promise<void> {
  const etc = join(folder, 'etc')
  await ensureFolder(folder, 0o700)
  await ensureFolder(etc, 0o755)
  const files = {
    hostname: `${host.name}\n`,
    hosts: renderHostsFile(lab.plan),
    'resolv.conf': `nameserver ${lab.plan.outside.nameServer}\n`,
  }
  for (const [name, text] of Object.entries(files))
    await writeFileIfChanged(join(etc, name), text, { mode: 0o644 })
}

/** Ends every process of the host in one moment, with its cable out: what its disk had stays. */
export async function killHost(lab: Lab, host: HostPlan): Promise<void> {
  if ((await hostState(lab, host)) === 'off') throw new MaruError('lab.host_off', { host: host.name })
  await unplug(lab, host)
  await clear(lab, host)
}

async function clear(lab: Lab, host: HostPlan): Promise<void> {
  await killGroup(unifiedFolder(lab, host))
  for (const tree of foldersOf(lab.trees, groupName(lab, host))) await removeGroup(tree)
}

/** kill -9 of a process of a host, by its number there. */
export async function killProcess(lab: Lab, host: HostPlan, pid: number): Promise<void> {
  const number = await numberFromOutside(await rootOf(lab, host), pid)
  if (number === undefined) throw new Error(`${host.name} has no process ${pid}`)
  process.kill(number, 'SIGKILL')
}

/** Stops every process of the host, those of its containers too. Its part of the kernel goes on. */
export async function freezeHost(lab: Lab, host: HostPlan): Promise<void> {
  if ((await hostState(lab, host)) === 'off') throw new MaruError('lab.host_off', { host: host.name })
  await setFrozen(unifiedFolder(lab, host), true)
}

/** Lets a frozen host go on; one that runs stays as it is. */
export async function thawHost(lab: Lab, host: HostPlan): Promise<void> {
  if ((await hostState(lab, host)) === 'off') throw new MaruError('lab.host_off', { host: host.name })
  await setFrozen(unifiedFolder(lab, host), false)
}
