import { join } from 'node:path'
import type { AgentConfig } from '#contract/installation.ts'
import { HOME } from '#contract/installation.ts'
import { edgeFiles, makeEdgeDoor } from '#platform/edge/index.ts'
import { controlOn, storesOf } from '#platform/mesh/index.ts'
import { type Docker, makeDocker } from '#runtime/drivers/docker.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { watchFilterChanges } from '#runtime/drivers/filter-changes.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'
import { readMachineClock } from '#runtime/drivers/machine-clock.ts'
import { makeNftBy } from '#runtime/drivers/nft.ts'
import { makeNftProgram } from '#runtime/drivers/nft-program.ts'
import type { Log } from '#runtime/kit/log.ts'
import { makeAddressBook } from './address-book.ts'
import { type BuildNetwork, makeBuildNetwork } from './build-network.ts'
import { hasMember, passFor } from './cluster-pass.ts'
import { makeDrillRunner } from './drills.ts'
import { watchEngine } from './engine-watch.ts'
import { watchEtcdMember } from './etcd-member.ts'
import { watchFigures } from './figures.ts'
import { type Guard, startGuard } from './guard.ts'
import { makeRetirement } from './instances.ts'
import { guardLease, type LeaseGuard } from './lease-guard.ts'
import { startLoop } from './loop.ts'
import { openMembership } from './membership.ts'
import { makeAddressKeeper } from './own-address.ts'
import { makeDetectorKeeper } from './own-detector.ts'
import { openEdge } from './own-edge.ts'
import { openNetwork, standing as standingOf } from './own-network.ts'
import { makeResolverKeeper } from './own-resolver.ts'
import { openOwnUpstream } from './own-upstream.ts'
import { makePartPorts } from './part-ports.ts'
import { pruneImages, removeApp } from './prune.ts'
import { watchRejoins } from './rejoin-watch.ts'
import { makeReportBoard } from './report-board.ts'
import { watchRoom } from './room-watch.ts'
import { removeLeftovers, serveRun } from './runs.ts'
import type { AgentServerDeps } from './server.ts'
import { serviceBundles } from './service-bundles.ts'
import { makeSigner } from './signer.ts'
import { watchSilence } from './silence.ts'
import { makeSparing } from './spare-members.ts'
import { readStacks } from './stacks.ts'
import { watchStoreLeader } from './store-leader.ts'
import { openTrials } from './trials.ts'
import { openWays } from './ways.ts'
import { openWorkloadStore } from './workload-store.ts'

export interface Agent {
  stop(): Promise<void>
}

const PRUNE_MS = 600_000

/** Wires the agent and starts it: reconciliation, its API, and the socket for root. */
export async function startAgent(config: AgentConfig, log: Log): Promise<Agent> {
  const docker = makeDocker(config.dockerSocket)
  const owner = config.installation.id
  const ended = new AbortController()
  await ensureFolder(join(config.home, HOME.agent), 0o700)
  const { trials, workloads, standing } = await openState(join(config.home, HOME.agent))
  await clearLeftovers(docker, owner, log)
  const board = makeReportBoard({ ...EMPTY_REPORT, host: config.host.name }, new Date())
  let wake = () => {}
  const { membership, guard, nft } = await openGuarded(config, log, ended.signal)
  const leases = guardPair(config, { docker, log, membership }, ended.signal)
  const onEvent = () => {
    leases.wake()
    wake()
  }
  const watch = watchEngine(docker, owner, log, onEvent, ended.signal)
  const retirement = makeRetirement(docker, (error) => {
    if (error !== undefined) log.warn('agent.retirement_failed', { error })
    wake()
  })
  const { edge, traffic, authority, asked } = await openEdge(config, docker)
  const memory = watchFigures({ docker, owner, log, traffic, workloads, board }, ended.signal)
  const network = openNetwork(config.installation, guard, { nft, log, workloads, trials }, ended.signal)
  const addresses = makeAddressBook(docker, config.installation, Math.floor(Date.now() / 1000))
  const resolver = makeResolverKeeper({ config, docker, log, now: () => new Date() })
  const holdParts = makePartPorts({ config, docker, guard, log })
  const kept = { workloads, membership, watch, retirement, guard, holdParts, resolver, ...network }
  const detector = await makeDetectorKeeper({ config, docker, guard, workloads, log, now: () => new Date() })
  const upstream = await openOwnUpstream(config, nft, log)
  const reads = { address: makeAddressKeeper({ config, docker, nft, log }), detector, upstream, memory }
  const signer = makeSigner(config.home, authority)
  const parts = { config, docker, addresses, log, ...kept, edge, signer, ...reads }
  const sparing = makeSparing({ ...config, docker, log, issuePass: passFor(config, membership) })
  const own = { announce: board.announceWanted, now: () => new Date(), images: new Map(), sparing }
  const loop = startLoop({ ...parts, ...own, engine: await docker.info() }, board)
  wake = loop.wake
  const drills = makeDrillRunner(config, docker, log)
  const sockets = await openWays(config, {
    ...{ drills, docker, owner, log, workloads, board, wake },
    run: (stream) => serveRun({ docker, addresses, rules: network.rules, config, log }, stream),
    ...{ membership, guard, upstream, signer, standing },
    bundles: serviceBundles(config, membership, signer),
    asked,
    installation: config.installation,
    ...engineWorkOf(config, docker, guard, log),
  })
  watchEtcdMember({ config, membership, log, onJoined: loop.wake }, ended.signal)
  const pruning = setInterval(() => void prune(docker, config, { workloads, membership, log }), PRUNE_MS)
  log.info('agent.started', { version: config.version, generation: workloads.current()?.generation ?? 0 })
  return {
    stop: async () => {
      clearInterval(pruning)
      ended.abort()
      drills.stop()
      sockets.close()
      detector.stop()
      await Promise.all([loop.stop(), guard.stop(), upstream.stop()])
    },
  }
}

/** What the control plane has handed over, and how long what is on trial in it is in force. */
async function openState(folder: string) {
  const trials = await openTrials(join(folder, 'trials.json'), await readMachineClock())
  const kept = { trials, workloads: await openWorkloadStore(join(folder, 'workload.json'), trials) }
  return { ...kept, standing: () => standingOf({ ...kept, now: () => new Date() }) }
}

/** The guard stands before anything that could be attacked; the other hosts are never judged by it. */
async function openGuarded(config: AgentConfig, log: Log, signal: AbortSignal) {
  const program = makeNftProgram([], true)
  const knock = `maru_knock_${config.installation.id}`
  const nft = makeNftBy(program, watchFilterChanges({ program, knock }, signal))
  const membership = await openMembership(config)
  const { home, host, installation } = config
  const door = makeEdgeDoor(makeHaproxy(edgeFiles(home)))
  const placed = { door, address: host.address, port: installation.ports.https }
  return { membership, nft, guard: await startGuard(config, { nft, log, membership, door: placed }) }
}

/** Looks after the database pair: its members on this host, its store, and its primary on another host. */
function guardPair(
  { installation, home, host }: AgentConfig,
  { docker, log, membership }: Pick<AgentServerDeps, 'docker' | 'log' | 'membership'>,
  signal: AbortSignal,
): LeaseGuard {
  const pair = {
    ...{ installation, home, docker, log, self: host.name },
    issuePass: passFor({ home }, membership),
    stores: () => storesOf(installation, membership.fleet(), host.name),
    fleet: membership.fleet,
    keepsMember: () => hasMember(host, membership.fleet()),
  }
  watchRejoins(pair, signal)
  watchStoreLeader(pair, signal)
  watchSilence(pair, signal)
  watchRoom(pair, signal)
  return guardLease(pair, signal)
}

const builderOf =
  (config: AgentConfig, docker: Docker, network: BuildNetwork, log: Log): AgentServerDeps['build'] =>
  async (request, emit, signal) => {
    // Building needs much that reconciling does not: it is loaded when first asked for.
    const { runBuild } = await import('#platform/builds/index.ts')
    const { release, failed } = network.hold(request.app)
    const either = AbortSignal.any([signal, failed])
    try {
      await runBuild(request, { docker, home: config.home, config, log }, emit, either)
    } finally {
      release()
    }
  }

/** What is done with images and stacks. */
const engineWorkOf = (config: AgentConfig, docker: Docker, guard: Guard, log: Log) => ({
  build: builderOf(config, docker, makeBuildNetwork({ config, docker, guard, log }), log),
  removeApp: removerOf(config, docker),
  ...stacksOf(config, docker),
  ...imagesOf(config, docker),
})

const stacksOf = (config: AgentConfig, docker: Docker): Pick<AgentServerDeps, 'stacks' | 'restack'> => ({
  stacks: () => readStacks(docker, config),
  restack: async (request) => {
    const { restackSlug } = await import('#platform/builds/index.ts')
    return await restackSlug(request, { docker, home: config.home, config })
  },
})

const imagesOf = (
  { installation, home }: AgentConfig,
  docker: Docker,
): Pick<AgentServerDeps, 'exportImage' | 'importImage'> => ({
  exportImage: async (id, whole) => {
    const { exportImage } = await import('#platform/builds/index.ts')
    return await exportImage(docker, home, id, whole)
  },
  importImage: async (id, tar) => {
    const { importImage } = await import('#platform/builds/index.ts')
    await importImage(docker, installation.id, id, tar)
  },
})

const removerOf =
  ({ installation, home }: AgentConfig, docker: Docker): AgentServerDeps['removeApp'] =>
  async (appId) => {
    const { removeSlugs } = await import('#platform/builds/index.ts')
    await removeApp(docker, installation.id, appId)
    await removeSlugs(home, appId)
  }

const EMPTY_REPORT = {
  runsApps: false,
  certificatesWanted: 0,
  missingImages: [],
  memoryMb: null,
  filter: null,
  generation: 0,
  problem: '',
  components: [],
  instances: [],
  disk: null,
}

async function clearLeftovers(docker: Docker, owner: string, log: Log): Promise<void> {
  try {
    const count = await removeLeftovers(docker, owner)
    if (count > 0) log.info('agent.leftovers_removed', { count })
  } catch (error) {
    log.warn('agent.leftovers_unknown', { error })
  }
}

async function prune(
  docker: Docker,
  { installation, home, host }: AgentConfig,
  { workloads, membership, log }: Pick<AgentServerDeps, 'workloads' | 'membership' | 'log'>,
): Promise<void> {
  const workload = workloads.current()
  if (workload === undefined) return
  try {
    const { pruneSlugs } = await import('#platform/builds/index.ts')
    // A control plane has its own host build.
    const builds = controlOn(host, membership.fleet()) !== undefined
    const images = await pruneImages(docker, installation.id, workload, builds)
    const slugs = await pruneSlugs(docker, installation.id, home, new Date())
    if (images + slugs > 0) log.info('agent.pruned', { images, slugs })
  } catch (error) {
    log.warn('agent.prune_failed', { error })
  }
}
