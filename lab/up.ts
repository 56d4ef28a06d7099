import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { type makeHostProgress, parseRoutes, takeLock } from '#platform/hosts/index.ts'
import type { Environment } from '#runtime/cli/context.ts'
import { ensureGroup } from '#runtime/drivers/control-groups.ts'
import { ensureFolder, readText, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { ensureDrills } from './drills.ts'
import { hostState, startHost, thawHost } from './host.ts'
import { giveImages } from './images.ts'
import { groupFolder } from './keeper.ts'
import {
  LAB_FILES,
  type Lab,
  type LabFile,
  labOf,
  loadLabFile,
  requireGroupTrees,
  saveLabFile,
  wantedBlock,
} from './lab.ts'
import { bringPackages, checkMachine, missingPackages } from './machine.ts'
import { applyNetworks } from './network.ts'
import {
  chooseBlock,
  type HostPlan,
  hostsOf,
  joiningOf,
  LabShape,
  renderHostsFile,
  renderShape,
  sharedAddressOf,
  USUAL_SHAPE,
} from './plan.ts'
import { bringUpPlatform, joinPlatform, type LabPlatform, shareAddress } from './platform.ts'

export interface LabRequest {
  readonly home: string
  /** What is left out is as it is, or usual where there is no lab yet. */
  readonly shape: Partial<LabShape>
  readonly withPlatform: boolean
}

export interface LabDeps {
  readonly env: Environment
  readonly progress: ReturnType<typeof makeHostProgress>
  readonly now: () => Date
}

export interface LabUpResult {
  readonly home: string
  readonly hosts: readonly HostPlan[]
  readonly platform: LabPlatform | null
  readonly seconds: number
}

/** Makes a lab, or brings the one that is there into shape: what is missing is made, what was broken is mended. */
export async function labUp(request: LabRequest, deps: LabDeps): Promise<LabUpResult> {
  const since = performance.now()
  const { home } = request
  const unlock = await takeLock(home, 'lab up')
  try {
    const lab = await describe(request, deps)
    await prepare(lab, request, deps)
    await bringUpHosts(lab, deps)
    const platform = request.withPlatform ? await withPlatform(lab, deps) : null
    const seconds = Math.round((performance.now() - since) / 100) / 10
    return { home, hosts: hostsOf(lab.plan), platform, seconds }
  } finally {
    unlock()
  }
}

/** What the lab is, before anything of it exists: from then on `down` knows what to take away. */
async function describe({ home, shape }: LabRequest, { env, now }: LabDeps): Promise<Lab> {
  const trees = await requireGroupTrees()
  const have = await loadLabFile(home)
  if (have !== undefined) {
    refuseOtherShape(home, have.shape, shape)
    return labOf(home, have, trees, env)
  }
  const block = chooseBlock(wantedBlock(home), parseRoutes((await readText('/proc/net/route')) ?? ''))
  if (block === undefined)
    throw new MaruError('lab.unfit', {
      what: 'the range 198.18.0.0/15, which is for tests, is in use on this machine',
      next: 'Take the route to it away: `ip route` shows it.',
    })
  const file: LabFile = {
    version: 1,
    createdAt: now().toISOString(),
    shape: LabShape.parse({ ...USUAL_SHAPE, ...shape }),
    block,
    platform: null,
  }
  return labOf(home, file, trees, env)
}

function refuseOtherShape(home: string, have: LabShape, asked: Partial<LabShape>): void {
  const wanted = { ...have, ...asked }
  if (renderShape(wanted) === renderShape(have)) return
  throw new MaruError('lab.other_shape', { home, have: renderShape(have), asked: renderShape(wanted) })
}

async function prepare(lab: Lab, request: LabRequest, { progress }: LabDeps): Promise<void> {
  const { home } = lab
  await ensureFolder(home, 0o700)
  const states = await Promise.all(hostsOf(lab.plan).map((host) => hostState(lab, host)))
  const hosts = states.filter((state) => state === 'off').length
  const isNew = lab.file.platform === null
  await checkMachine(home, { hosts, withPlatform: request.withPlatform && isNew })
  await saveLabFile(home, lab.file)
  for (const folder of [LAB_FILES.logs, LAB_FILES.names, LAB_FILES.hosts])
    await ensureFolder(join(home, folder), 0o700)
  const names = {
    hosts: renderHostsFile(lab.plan),
    'resolv.conf': `nameserver ${lab.plan.outside.nameServer}\n`,
  }
  for (const [name, text] of Object.entries(names))
    await writeFileIfChanged(join(home, LAB_FILES.names, name), text, { mode: 0o644 })
  const missing = await missingPackages()
  if (missing.length > 0) {
    const log = join(home, LAB_FILES.logs, 'packages.log')
    await progress.step(`Debian packages ${missing.join(', ')}`, 20, log, () => bringPackages(missing, home))
  }
}

async function bringUpHosts(lab: Lab, { progress }: LabDeps): Promise<void> {
  const log = join(lab.home, LAB_FILES.logs)
  await ensureGroup(groupFolder(lab, 'client-programs'))
  await step(lab, 'Networks', () => progress.step('Networks', 1, log, () => applyNetworks(lab)))
  const hosts = hostsOf(lab.plan)
  const title = hosts.length === 1 ? 'One host' : `${hosts.length} hosts`
  await step(lab, title, () =>
    progress.step(title, 2, undefined, async () => {
      await Promise.all(
        hosts.map(async (host) => {
          if ((await hostState(lab, host)) === 'frozen') await thawHost(lab, host)
          await startHost(lab, host)
        }),
      )
    }),
  )
}

/** The platform on the first host, and all others joined to it. */
async function withPlatform(lab: Lab, { progress }: LabDeps): Promise<LabPlatform> {
  const [first, ...others] = hostsOf(lab.plan) as [HostPlan, ...HostPlan[]]
  const give = (hosts: readonly HostPlan[]) =>
    step(lab, 'Copying images', () =>
      progress.step(`Images for ${hosts.map(({ name }) => name).join(', ')}`, 20, undefined, () =>
        withoutImages(lab, hosts),
      ),
    )
  await give([first])
  const [platform, empty] = await Promise.all([
    progress.step(`\`maru up\` on ${first.name}`, 40, undefined, () => bringUpPlatform(lab, first)),
    others.length > 0 ? give(others) : [],
  ])
  // Where the machine has no images the first host has built them by now.
  if (empty.length > 0) await give(empty)
  for (const host of joiningOf(lab.plan)) {
    await progress.step(`\`maru host join\` on ${host.name}`, 20, undefined, () =>
      joinPlatform(lab, first, host),
    )
  }
  for (const site of lab.plan.sites) {
    const address = sharedAddressOf(site)
    if (address !== undefined) await shareAddress(lab, first, site, address)
  }
  const { host, url } = platform
  await saveLabFile(lab.home, { ...lab.file, platform: { host, url } })
  await step(lab, 'Drills', () => ensureDrills(lab))
  return platform
}

/** Gives images to hosts, and says who got none. */
async function withoutImages(lab: Lab, hosts: readonly HostPlan[]): Promise<HostPlan[]> {
  const given = await Promise.all(hosts.map((host) => giveImages(lab, host)))
  return hosts.filter((_, index) => given[index] === 0)
}

/** Whatever goes wrong in a step is an error that says what to do. */
async function step<T>(lab: Lab, title: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MaruError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const log = join(lab.home, LAB_FILES.logs)
    throw new MaruError('lab.failed', { step: title, reason, log }, { cause: error })
  }
}
