import { join } from 'node:path'
import type { PlatformConfig } from '#contract/agent.ts'
import { DETECTOR_COMPONENT } from '#contract/detection.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, HOME, type Installation, urlOf } from '#contract/installation.ts'
import { RESOLVER_COMPONENTS } from '#contract/network.ts'
import { UPSTREAM_COMPONENT } from '#contract/upstream.ts'
import { ensureImages } from '#images/build-images.ts'
import { programVersion } from '#images/program-version.ts'
import {
  isOn,
  loadFleet,
  MESH_COMPONENTS,
  placedHere,
  SERVICE_COMPONENTS,
  seedsOf,
} from '#platform/mesh/index.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { ADDRESS_COMPONENT } from '#platform/virtual-address/index.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import {
  ensureFolder,
  readJson,
  readText,
  writeFileAtomic,
  writeFileIfChanged,
} from '#runtime/drivers/files.ts'
import { closeAtStart } from './closed-at-start.ts'
import { leaderLast } from './cluster-settings.ts'
import {
  ensureFolders,
  ensureSecrets,
  type PlatformSecrets,
  writeAgent,
  writeComponentFiles,
  writePgproxy,
} from './component-files.ts'
import { ensureControlDatabase } from './control-database.ts'
import { convergePlatform } from './converge.ts'
import { ensureClusterSettings, waitUntilSpare } from './database-pair.ts'
import { ensureEngine, HOST_CA_BUNDLE } from './engine.ts'
import { removeRemainsHere } from './filter-tables.ts'
import { handingOver } from './handing-over.ts'
import { hasEveryCapability } from './host-facts.ts'
import { identifyHost, saveHostIdentity } from './host-identity.ts'
import { type Identity, identify, type UpOptions } from './identity.ts'
import { prepareJoinedEdge, refuseRemoved, waitForAgent, waitForEdge } from './joined-agent.ts'
import { takeLock } from './lock.ts'
import { limitLogs } from './log-limit.ts'
import { preflight } from './look-first.ts'
import { platformConfig } from './platform-config.ts'
import type { HostProgress } from './progress.ts'
import { pruneStackImages } from './prune-images.ts'
import { registerInstallation } from './registry.ts'
import { renewInstances } from './renew-instances.ts'
import { noteRevisions, parseRenew } from './revisions.ts'
import { newSetupLink } from './setup-link.ts'
import { appStackOf, startStackRoll } from './stack-roll.ts'
import { readDatabasePair, waitUntilHealthy } from './wait-healthy.ts'
import { installWrapper } from './wrapper.ts'

/** What the agent alone looks after: what these are depends on the other hosts. */
const AGENTS_OWN = [
  ...MESH_COMPONENTS,
  ADDRESS_COMPONENT,
  ...RESOLVER_COMPONENTS,
  DETECTOR_COMPONENT,
  UPSTREAM_COMPONENT,
]

export interface UpResult {
  readonly installation: string
  readonly host: HostIdentity
  readonly home: string
  readonly url: string
  /** What was changed, a line each; empty: all was well already. */
  readonly changes: readonly string[]
  readonly seconds: number
  /** Only until the first operator exists. */
  readonly setupLink: string | null
  /** The operation that moves the apps onto a stack that was made now; null: nothing has to be moved. */
  readonly stackRoll: string | null
}

export interface UpDeps {
  readonly programDir: string
  readonly progress: HostProgress
  readonly now: () => Date
}

export interface Run extends UpDeps {
  readonly identity: Identity
  readonly host: HostIdentity
  readonly installation: Installation
  readonly home: string
  readonly lab: boolean
  /** Images to make anew. */
  readonly renew: ReturnType<typeof parseRenew>
  readonly stackRoll: boolean
}

/** Brings this machine into shape, whatever state it is in. Doing it again changes nothing. */
export async function up(options: UpOptions, deps: UpDeps): Promise<UpResult> {
  const since = performance.now()
  const identity = await identify(options, deps.now())
  const { installation, home } = identity
  const host = await identifyHost(home, options)
  const run: Run = {
    ...deps,
    identity,
    host,
    installation,
    home,
    lab: options.lab === true,
    renew: parseRenew(options.renew),
    stackRoll: options.stackRoll !== false,
  }
  const unlock = await takeLock(run.home, 'up')
  try {
    await preflight(run)
    await remember(run)
    const docker = await ensureEngine(run)
    // `maru destroy`, which comes next there, needs the engine.
    await refuseRemoved(home)
    const remains = await removeRemainsHere(docker, installation)
    const { changes, ...more } = await (host.first ? bringUp : bringUpJoined)(run, docker)
    await closeAtStart(installation, home)
    return {
      ...{ installation: installation.name, host, home },
      url: urlOf(run.installation),
      changes: [...remains, ...changes],
      seconds: Math.round((performance.now() - since) / 100) / 10,
      ...more,
    }
  } finally {
    unlock()
  }
}

async function remember({ installation, host, home, lab }: Run): Promise<void> {
  await ensureFolder(home, 0o711)
  await ensureFolders(home, host.first)
  await limitLogs(join(home, HOME.logs))
  const text = `${JSON.stringify(installation, null, 2)}\n`
  await writeFileIfChanged(join(home, HOME.installation), text, { mode: 0o644 })
  await saveHostIdentity(home, host)
  await registerInstallation(installation.name, home)
  // Only ever set: what people came to depend on is unmarked by hand, knowingly.
  if (lab)
    await writeFileIfChanged(
      join(home, HOME.lab),
      'Nobody depends on this installation: drills may break it.\n',
    )
}

type Brought = Pick<UpResult, 'changes' | 'setupLink' | 'stackRoll'>

async function bringUp(run: Run, docker: Docker): Promise<Brought> {
  const { installation, host, home, progress } = run
  const { ids, made } = await stackImages(run, docker)
  const authority = await openAuthority(join(home, HOME.pki))
  const secrets = await ensureSecrets(home)
  const stackBefore = await appStackOf(home)
  const files = await writeComponentFiles(
    {
      ...(await agentInput(run, ids)),
      authority,
      stores: seedsOf(installation, await loadFleet(home), host.name),
    },
    secrets,
  )
  const canPrivilege = await hasEveryCapability()
  const make = (generation: number) =>
    platformConfig({
      installation,
      host,
      home,
      images: ids,
      files,
      generation,
      canPrivilege,
      hostCaBundle: HOST_CA_BUNDLE,
    })
  const steps = await converge(run, docker, authority, secrets, make)
  await installWrapper(run)
  const pruned = await pruneStackImages(docker)
  const setupLink = await newSetupLink({ installation, home, fingerprint: authority.fingerprint })
  const renewed = await renewInstances({ ...run, docker })
  const isNewer = stackBefore !== undefined && stackBefore !== ids.app
  const stackRoll = isNewer && run.stackRoll ? await startStackRoll(home, progress) : null
  return { stackRoll, changes: [...made, ...steps, ...renewed, ...pruned], setupLink }
}

/** The stack images by name, and a line for each that was made now. */
async function stackImages({ home, programDir, progress, renew, now }: Run, docker: Docker) {
  const step: HostProgress['step'] = (title, expectedS, log, work) =>
    progress.step(title, expectedS, log, work)
  const revisions = await noteRevisions(home, renew, now())
  const images = await ensureImages({ docker, home, programDir, revisions, step })
  const ids = Object.fromEntries(Object.entries(images).map(([name, { id }]) => [name, id]))
  const made = Object.values(images).flatMap(({ built, tag }) => (built ? [`made image ${tag}`] : []))
  return { ids: ids as Record<keyof typeof images, string>, made }
}

async function agentInput(
  { installation, host, home, programDir }: Run,
  { app, builder, database, edge, detector }: AgentConfig['images'],
) {
  const images = { app, builder, database, edge, detector }
  const version = await programVersion(programDir)
  return { installation, home, version, host, hostCaBundle: HOST_CA_BUNDLE, images }
}

/** A host that joined: its agent and its edge; which apps run there the control plane decides. */
async function bringUpJoined(run: Run, docker: Docker): Promise<Brought> {
  const { installation, host, home, progress } = run
  const { ids, made } = await stackImages(run, docker)
  const rootPem = (await readText(join(home, HOME.pki, 'root.crt'))) ?? ''
  const pgproxy = await writePgproxy({ installation, home, rootPem })
  const files = { agent: await writeAgent(await agentInput(run, ids)), pgproxy }
  const canPrivilege = await hasEveryCapability()
  const file = join(home, HOME.platform)
  const saved = (await readJson(file)) as PlatformConfig | undefined
  const make = (generation: number) => {
    const input = { installation, host, home, images: ids, files, generation, canPrivilege }
    return platformConfig({ ...input, hostCaBundle: HOST_CA_BUNDLE })
  }
  const same = saved !== undefined && JSON.stringify(saved) === JSON.stringify(make(saved.generation))
  const wanted = same ? saved : make((saved?.generation ?? 0) + 1)
  if (!same) await writeFileAtomic(file, `${JSON.stringify(wanted)}\n`, { mode: 0o600 })
  if (host.role === 'full') await prepareJoinedEdge({ installation, home })
  const steps = await progress.step("The host's agent and edge", 5, join(home, HOME.logs), async () => {
    const done = await convergePlatform(replacing(run, docker), wanted, {
      leave: [...AGENTS_OWN, ...SERVICE_COMPONENTS],
    })
    await waitForAgent({ installation, home })
    if (host.role === 'full') await waitForEdge({ installation, home })
    // As long as there is a first host, this member is there, and that host's `maru up` sees to it.
    const settles = isOn('postgres-1', host, await loadFleet(home))
    return settles ? [...done, ...(await ensureClusterSettings({ installation, home, rootPem }))] : done
  })
  await installWrapper(run)
  const pruned = await pruneStackImages(docker)
  const renewed = await renewInstances({ ...run, docker })
  return { stackRoll: null, changes: [...made, ...steps, ...renewed, ...pruned], setupLink: null }
}

/** How a convergence replaces what visitors and apps are connected through. */
const replacing = (
  { installation: { id: owner }, home }: Pick<Run, 'installation' | 'home'>,
  docker: Docker,
) => ({
  docker,
  owner,
  handOver: handingOver({ docker, owner, home }),
})

/** The database first, because the control plane needs it; then all the rest. */
async function converge(
  run: Run,
  docker: Docker,
  authority: Authority,
  secrets: PlatformSecrets,
  make: (generation: number) => PlatformConfig,
): Promise<string[]> {
  const { installation, host, home, progress } = run
  const file = join(home, HOME.platform)
  const saved = (await readJson(file)) as PlatformConfig | undefined
  const config = make(saved?.generation ?? 1)
  const isNew = JSON.stringify(saved) !== JSON.stringify(config)
  // The agent would bring back what it knows while we change it; it is started again at the end.
  if (isNew) await docker.containers.stop(`${installation.name}-agent`)
  const fleet = await loadFleet(home)
  const here = (all: PlatformConfig) => placedHere(all, host, fleet)
  const deps = replacing(run, docker)
  const log = join(home, HOME.logs)
  const place = { installation, home, rootPem: authority.rootPem }
  const steps = await progress.step('Database pair', 10, log, async () => {
    const order = leaderLast(
      here(config).containers,
      ({ component }) => component,
      (await readDatabasePair(place)) ?? [],
    )
    const done = await convergePlatform(
      { ...deps, beforeReplacing: (name) => waitUntilSpare(docker, place, name) },
      { ...config, containers: order },
      { leave: ['agent', 'control', 'edge', ...AGENTS_OWN] },
    )
    await ensureControlDatabase({ ...place, secrets })
    return [...done, ...(await ensureClusterSettings(place))]
  })
  const wanted = isNew && saved !== undefined ? make(saved.generation + 1) : config
  if (isNew) await writeFileAtomic(file, `${JSON.stringify(wanted)}\n`, { mode: 0o600 })
  const others = await progress.step('Control plane, edge and agent', 8, log, async () => {
    const done = await convergePlatform(deps, here(wanted), { leave: AGENTS_OWN })
    await waitUntilHealthy(place)
    return done
  })
  return [...steps, ...others]
}
