import { join } from 'node:path'
import { type HostReport, PlatformConfig, type WorkloadConfig } from '#contract/agent.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import { applyEdge, certifyEdge, type EdgeDeps, type RunningEdge, readEdge } from '#platform/edge/index.ts'
import { convergePlatform } from '#platform/hosts/converge.ts'
import { handingOver } from '#platform/hosts/handing-over.ts'
import { isLocked } from '#platform/hosts/lock.ts'
import type { HostRules } from '#platform/network/apply-rules.ts'
import type { NameWatch } from '#platform/network/name-watch.ts'
import type { UseBook } from '#platform/network/use-book.ts'
import { type Docker, type EngineContainer, type EngineInfo, LABELS } from '#runtime/drivers/docker.ts'
import { diskSpace, machineMemoryMb, readJson } from '#runtime/drivers/files.ts'
import { weighFirstGroup } from '#runtime/drivers/first-group.ts'
import { publicIpv6 } from '#runtime/drivers/own-addresses.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { AddressBook } from './address-book.ts'
import { edgeApps, edgeOf, NO_EDGE } from './bring-edge.ts'
import { type Closed, openClosed } from './closed.ts'
import type { EngineWatch } from './engine-watch.ts'
import type { Guard } from './guard.ts'
import { holdPorts } from './instance-ports.ts'
import type { ImageFacts } from './instance-spec.ts'
import {
  keyOf,
  listInstances,
  type Retirement,
  raiseInstances,
  type WantedInstance,
  wantedInstances,
} from './instances.ts'
import { endLeavingParts } from './leaving-parts.ts'
import type { HostMembership } from './membership.ts'
import { observe } from './observe.ts'
import type { SharedAddressKeeper } from './own-address.ts'
import type { DetectorKeeper } from './own-detector.ts'
import { withMesh } from './own-mesh.ts'
import { type FilterState, guardHost } from './own-network.ts'
import type { ResolverKeeper } from './own-resolver.ts'
import { withServices } from './own-services.ts'
import type { UpstreamKeeper } from './own-upstream.ts'
import { judgeRunsApps } from './runs-apps.ts'
import type { Signer } from './signer.ts'
import type { Sparing } from './spare-members.ts'
import type { Trials } from './trials.ts'
import type { WorkloadStore } from './workload-store.ts'

export interface ReconcileDeps {
  readonly config: AgentConfig
  readonly docker: Docker
  /** What the engine said of itself when the agent began. */
  readonly engine: EngineInfo
  readonly addresses: AddressBook
  /** Undefined where this host has no edge. */
  readonly edge: EdgeDeps | undefined
  readonly rules: HostRules
  readonly closed: Closed
  readonly address: SharedAddressKeeper
  readonly guard: Guard
  /** Binds the ports of the platform's own parts. */
  readonly holdParts: () => Promise<void>
  readonly detector: DetectorKeeper
  readonly upstream: UpstreamKeeper
  readonly filter: FilterState
  readonly resolver: ResolverKeeper
  readonly names: NameWatch
  readonly uses: UseBook
  readonly trials: Trials
  /** Tells of certificates that are wanted, before the pass is over. */
  readonly announce: (certificatesWanted: number) => void
  readonly log: Log
  readonly workloads: WorkloadStore
  readonly membership: HostMembership
  readonly signer: Signer
  readonly watch: EngineWatch
  readonly retirement: Retirement
  /** Container id → bytes, measured on a slower beat. */
  readonly memory: ReadonlyMap<string, number>
  readonly images: Map<string, ImageFacts>
  readonly sparing: Sparing
  readonly now: () => Date
}

export interface Reconciled {
  readonly report: Omit<HostReport, 'sequence' | 'at' | 'figures'>
  /** Something is still on its way: look again soon. */
  readonly unsettled: boolean
  /** What the edge looked like; undefined when it did not answer. */
  readonly edge: RunningEdge | undefined
}

/** The platform's component that runs this program; only `maru up` replaces it. */
const AGENT_COMPONENT = 'agent'

/**
 * For one pass: its rules, the members of the platform and their ways go by the same hosts, whatever the control plane says meanwhile.
 * A host that was removed has no edge any more, and waits for none.
 */
export function withSteadyFleet(deps: ReconcileDeps): ReconcileDeps {
  const [fleet, removed] = [deps.membership.fleet(), deps.membership.isRemoved()]
  const membership = { ...deps.membership, fleet: () => fleet, isRemoved: () => removed }
  return { ...deps, membership, edge: removed ? undefined : deps.edge }
}

/** From so long on, whoever waits for a pass asks what it is that takes so long. */
const SLOW_S = 5

type Attempt = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>

/** Does the parts of a pass: what goes wrong with one is a problem of the host, and keeps no other from being done. */
const makeAttempt =
  (log: Log, problems: string[]): Attempt =>
  async (what, work) => {
    const since = performance.now()
    try {
      return await work()
    } catch (error) {
      log.warn('agent.attempt_failed', { what, error })
      problems.push(`${what} failed: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    } finally {
      const seconds = Math.round((performance.now() - since) / 1000)
      if (seconds >= SLOW_S) log.warn('agent.attempt_slow', { what, seconds })
    }
  }

/** One pass: reads everything, brings the host to its two halves of state, and says how it is. Never throws. */
export async function reconcile(deps: ReconcileDeps, before: number): Promise<Reconciled> {
  const problems: string[] = []
  const attempt = makeAttempt(deps.log, problems)
  // While it is still let through: it ends in order.
  await attempt('Ending what has another host now', () => endLeavingParts(deps))
  // Before anything of an app runs.
  await attempt('Setting the firewall rules', async () => {
    await guardHost(deps)
    await openClosed(deps)
  })
  const platform = await attempt('Reading the platform configuration', () => readPlatform(deps))
  if (platform !== undefined) {
    await attempt('Bringing the platform to its state', () => bringPlatform(deps, platform))
  }
  await attempt('Binding the ports of the platform', deps.holdParts)
  const workload = wantedApps(deps)
  const apps =
    workload && (await attempt('Bringing the apps to their state', () => bringApps(deps, workload)))
  const edge = apps?.edge ?? (await attempt('Asking the edge', () => askEdge(deps)))
  const report = await attempt('Observing', () => observe(deps, platform, apps, edge))
  const addresses6 = (await attempt('Reading the addresses of IPv6', publicIpv6)) ?? []
  const disk = await attempt('Observing the disk', () => diskSpace(deps.config.home))
  const generation = workload !== undefined && apps?.done === true ? workload.generation : before
  return {
    edge,
    unsettled:
      apps !== undefined && (!apps.done || apps.waiting || (report?.instances ?? []).some(isUnsettled)),
    report: {
      host: deps.config.host.name,
      generation,
      problem: problems[0] ?? '',
      components: report?.components ?? [],
      instances: report?.instances ?? [],
      runsApps: judgeRunsApps({
        first: deps.config.host.first,
        domain: deps.config.installation.domain,
        edgeMissing: deps.edge && apps?.edgeMissing,
        edgeAnswers: edge !== undefined,
        components: report?.components ?? [],
      }),
      holdsAddress: deps.address.held() !== undefined,
      certificatesWanted: apps?.certificatesWanted ?? 0,
      missingImages: [...(apps?.missingImages ?? [])],
      disk: disk ?? null,
      memoryMb: machineMemoryMb(),
      filter: { ...deps.filter, ...deps.guard.mends.told() },
      detector: deps.detector.report(),
      ...toldOf(deps.upstream.report()),
      ...(addresses6.length === 0 ? {} : { addresses6 }),
    },
  }
}

/** Left out where there is nothing to tell. */
const toldOf = (upstream: HostReport['upstream']) => (upstream === undefined ? {} : { upstream })

const isUnsettled = ({ state }: HostReport['instances'][number]) => state !== 'healthy'

async function readPlatform(deps: ReconcileDeps): Promise<PlatformConfig | undefined> {
  const saved = await readJson(join(deps.config.home, HOME.platform))
  if (saved === undefined) return undefined
  const platform = PlatformConfig.parse(saved)
  if (!deps.membership.isRemoved()) {
    const here = await withMesh(deps, await withServices(deps, platform))
    const reached = await deps.resolver.withResolver(await deps.address.withAddress(here, deps.membership))
    return await deps.upstream.withUpstream(await deps.detector.withDetector(reached))
  }
  const containers = platform.containers.filter(({ component }) => component === AGENT_COMPONENT)
  return await deps.address.withAddress({ ...platform, containers }, deps.membership)
}

/** A host that was removed runs nothing any more. */
function wantedApps({ workloads, membership }: ReconcileDeps): WorkloadConfig | undefined {
  const workload = workloads.current()
  return workload && membership.isRemoved() ? { ...workload, apps: [] } : workload
}

const askEdge = async ({ edge }: ReconcileDeps) => edge && (await readEdge(edge.haproxy))

async function bringPlatform(
  { docker, engine, config, log, edge, sparing }: ReconcileDeps,
  platform: PlatformConfig,
): Promise<void> {
  // Two that make the same containers at the same moment refuse each other's.
  if (await isLocked(config.home)) return
  const owner = config.installation.id
  const handOver = handingOver({ docker, owner, home: config.home, beforeEdgeEnds: edge?.beforeReload })
  // The others do not wait for a member of the pair that is needed for a moment longer.
  const needed = await sparing(platform)
  const deps = { docker, owner, handOver }
  const did = await convergePlatform(deps, platform, { leave: [AGENT_COMPONENT, ...needed] })
  for (const step of did) log.info('agent.platform_step', { step })
  await weighFirstGroup(engine)
}

export interface BroughtApps {
  readonly wanted: readonly WantedInstance[]
  readonly problems: ReadonlyMap<string, string>
  readonly missingImages: readonly string[]
  readonly edge: RunningEdge | undefined
  /** The edge included. */
  readonly done: boolean
  /** Something that no app waits for, or one app only: servers without a passed check, names without a certificate. */
  readonly waiting: boolean
  /** What the edge has no certificate for yet. */
  readonly edgeMissing: ReadonlySet<string>
  readonly certificatesWanted: number
  /** Instances that nothing wants any more and that have not ended yet. */
  readonly leaving: readonly EngineContainer[]
}

/**
 * New instances first, then the edge's turn, then what is surplus goes: at no moment does the edge lead to
 * something that is gone.
 */
async function bringApps(deps: ReconcileDeps, workload: WorkloadConfig): Promise<BroughtApps> {
  const { docker, addresses } = deps
  const { rules } = deps
  const place = { docker, addresses, rules, installation: deps.config.installation, home: deps.config.home }
  const edge = edgeOf(deps, workload)
  // Certificates may have to come from another host: the instances start meanwhile.
  const certifying = edge && certifyEdge(edge, workload.apps)
  certifying?.then(({ asked }) => deps.announce(asked), leaveToAwait)
  const wanted = await wantedInstances(place, workload, deps.images)
  const before = await listInstances(place)
  await expectBack(deps, before)
  const problems = await raiseInstances(place, wanted, before)
  const have = await listInstances(place)
  await holdPorts(deps, have)
  const certified = await certifying
  const result =
    edge === undefined ? NO_EDGE : await applyEdge(edge, edgeApps(workload, wanted, have), certified)
  if (result.did !== 'nothing') deps.log.info('agent.edge', { did: result.did, pending: result.pending })
  const names = new Set(wanted.map(({ spec }) => spec?.name))
  const leaving = have.filter(({ name }) => !names.has(name))
  deps.retirement.retire(leaving)
  deps.watch.keepOnly(new Set(have.map(({ id }) => id)))
  const missing = wanted.filter(({ spec }) => spec === undefined)
  const reasons = new Map([
    ...problems,
    ...missing.map((one) => [keyOf(one), 'its image is not here yet'] as const),
  ])
  return {
    wanted,
    problems: reasons,
    missingImages: [...new Set(missing.map(({ instance }) => instance.image))].sort(),
    edge: result.running,
    done: deps.edge === undefined || (result.running !== undefined && result.pending.length === 0),
    waiting: result.waiting.length + result.leaving.length + result.missing.size > 0,
    edgeMissing: result.missing,
    certificatesWanted: certified?.asked ?? 0,
    leaving,
  }
}

/** Whoever is started again has another port on the bridge, which nobody knows yet. */
async function expectBack({ guard }: ReconcileDeps, instances: readonly EngineContainer[]): Promise<void> {
  const away = instances.filter(({ state }) => state !== 'running')
  for (const { labels } of away) {
    const address = labels[LABELS.address]
    if (address !== undefined) await guard.expect(address)
  }
}

/** The failure is met where the certificates are needed. */
const leaveToAwait = () => undefined
