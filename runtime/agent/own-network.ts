import { writeFile } from 'node:fs/promises'
import type { Installation } from '#contract/installation.ts'
import {
  activePolicy,
  hasEndedRules,
  type NetworkPolicy,
  NO_POLICY,
  nextRuleEndMs,
  parseEnd,
} from '#contract/network.ts'
import { planMesh } from '#platform/mesh/index.ts'
import { type HostRules, makeHostRules } from '#platform/network/apply-rules.ts'
import { namesIn } from '#platform/network/classes.ts'
import { type AppAddress, insideOf, type NetworkFacts } from '#platform/network/layout.ts'
import { watchNames } from '#platform/network/name-watch.ts'
import { makeUseBook } from '#platform/network/use-book.ts'
import { planAddress } from '#platform/virtual-address/index.ts'
import { type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'
import { readText } from '#runtime/drivers/files.ts'
import { lookUpName } from '#runtime/drivers/name-lookup.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { pause } from '#runtime/kit/pause.ts'
import { makeClosed } from './closed.ts'
import type { Guard } from './guard.ts'
import { INSTANCE_COMPONENT, RUN_COMPONENT } from './instance-spec.ts'
import type { ReconcileDeps } from './reconcile.ts'

/** Makes packets between containers of one bridge pass the same rules as all others. */
const BRIDGED = ['iptables', 'ip6tables'].map((which) => `/proc/sys/net/bridge/bridge-nf-call-${which}`)
/** Process type of a one-off command in the rules. */
export const RUN_PROCESS = 'run'

/** What the agent knows of the packet filter. */
export interface FilterState {
  /** Whether packets between containers of one bridge are judged, too. */
  bridged: boolean
  /** Whether the rules in force judge whatever else the machine carries, too. */
  locked: boolean
  /** Names in rules that mean an address which no name may lead to. */
  refusedNames: string[]
  /** Rules of people that had traffic here within a day. */
  used: string[]
}

type Network = Pick<ReconcileDeps, 'rules' | 'closed' | 'filter' | 'names' | 'uses' | 'trials'>

/** What it is made of. */
export interface NetworkParts extends Pick<ReconcileDeps, 'workloads' | 'trials' | 'log'> {
  readonly nft: Nft
}

/** What the agent keeps of the network, from its start until `signal`. */
export function openNetwork(
  installation: Pick<Installation, 'id'>,
  guard: Pick<Guard, 'expect' | 'mends' | 'noteFullName'>,
  { nft, log, workloads, trials }: NetworkParts,
  signal: AbortSignal,
): Network {
  const network: Network = {
    rules: expecting(makeHostRules(nft, installation), guard),
    closed: makeClosed(nft, installation),
    filter: { bridged: false, locked: false, refusedNames: [], used: [] },
    uses: makeUseBook(),
    names: watchNames(lookUpName, Date.now),
    trials,
  }
  void watchRules({ ...network, workloads, guard, log }, signal)
  return network
}

/** How often the rules are looked at; a pass, which can take its time, looks only when this has not been done. */
const LOOK_MS = 2_500
const TRUST_MS = 2 * LOOK_MS

interface Watching extends Restoring, Pick<ReconcileDeps, 'rules' | 'filter' | 'workloads' | 'trials'> {
  readonly guard: Pick<Guard, 'mends' | 'noteFullName'>
}

/**
 * Ends what is on trial and rules whose time is over, and puts back what a hand has changed, whatever a pass waits for. A failure is
 * the next pass's to tell.
 */
async function watchRules(deps: Watching, signal: AbortSignal): Promise<void> {
  let full: readonly string[] = []
  while (!signal.aborted) {
    await pause(Math.min(LOOK_MS, nextEndMs(deps)), signal)
    await endWhatIsOver(deps).catch(leaveToNextPass)
    if (await deps.rules.mend().catch(() => false)) noteRestored(deps)
    const before = full
    full = deps.rules.fullNames()
    for (const name of full) if (!before.includes(name)) deps.guard.noteFullName(name)
    // Not before a pass has found out whether there is anything to judge.
    if (deps.filter.bridged) deps.filter.bridged = await judgeBridged().catch(() => false)
  }
}

/** The failure is met by whoever loads the rules next. */
const leaveToNextPass = () => undefined

const nextEndMs = ({ workloads, trials }: Pick<Watching, 'workloads' | 'trials'>) =>
  Math.min(trials.nextEndMs(), nextRuleEndMs(workloads.current()?.network ?? NO_POLICY, new Date()))

/** A pass that had begun before may have brought back what was over: so it is looked at each time. */
async function endWhatIsOver(deps: Watching): Promise<void> {
  const policy = deps.workloads.current()?.network
  const now = new Date()
  if (policy === undefined || !(deps.trials.areOver(policy) || hasEndedRules(policy, now))) return
  const did = await deps.rules.follow(standing({ ...deps, now: () => now }), TRUST_MS)
  if (did === 'loaded') deps.log.info('agent.rules_ended')
  if (did === 'restored') noteRestored(deps)
}

interface Restoring extends Pick<ReconcileDeps, 'log'> {
  readonly guard: Pick<Guard, 'mends'>
}

function noteRestored({ guard, log }: Restoring): void {
  log.warn('agent.rules_restored')
  guard.mends.count()
}

/** Whoever is let in is expected on the bridge, too: there a port that nobody knows says nothing. */
const expecting = (rules: HostRules, guard: Pick<Guard, 'expect'>): HostRules => ({
  ...rules,
  admit: async (member) => {
    await Promise.all([rules.admit(member), guard.expect(member.address)])
  },
})

type GuardDeps = Pick<
  ReconcileDeps,
  | 'rules'
  | 'guard'
  | 'config'
  | 'membership'
  | 'workloads'
  | 'docker'
  | 'log'
  | 'now'
  | 'filter'
  | 'names'
  | 'uses'
  | 'resolver'
  | 'trials'
>

/** Brings what people have decided, and what the platform needs, in force on this host. */
export async function guardHost(deps: GuardDeps): Promise<void> {
  const { rules, workloads, log, filter, names } = deps
  // Less than what was decided would be in force, a lock-down less among it.
  if (workloads.problem() !== '' && (await rules.stand())) throw new Error(workloads.problem())
  const policy = standing(deps)
  const facts = await factsOf(deps, policy)
  names.keep(namesIn(policy.rules), insideOf(facts))
  // What is on trial may have ended since.
  const stands = standing(deps)
  const did = await rules.ensure(stands, facts, TRUST_MS)
  if (did === 'loaded') log.info('agent.rules_loaded')
  if (did === 'restored') noteRestored(deps)
  await deps.resolver.prepare(policy, facts)
  filter.locked = stands.lockDown !== null
  filter.bridged = await judgeBridged()
  filter.refusedNames = [...names.refused()]
  await lookAtUses(deps, policy)
}

/** What stands now; how long something is on trial is not a matter of the time of day. */
export const standing = ({ workloads, trials, now }: Pick<GuardDeps, 'workloads' | 'trials' | 'now'>) =>
  activePolicy(trials.standing(workloads.current()?.network ?? NO_POLICY), now())

/** Days are what counts: the counters are read now and then. */
const USES_MS = 600_000

async function lookAtUses({ rules, uses, filter, now }: GuardDeps, policy: NetworkPolicy): Promise<void> {
  const at = now().getTime()
  if (policy.rules.length > 0 && at - uses.readAt() >= USES_MS) uses.note(await rules.counts(), at)
  filter.used = uses.used(at)
}

async function factsOf(deps: GuardDeps, policy: NetworkPolicy): Promise<NetworkFacts> {
  const { config, membership } = deps
  const { installation, host } = config
  const fleet = membership.fleet()
  const hosts = fleet.hosts.map(({ address }) => address)
  return {
    installation,
    hosts,
    own: host.first && hosts.length < 2 ? undefined : host.address,
    shared: fleet.addresses?.map(({ address }) => address) ?? [],
    sharing: planAddress(host.name, fleet)?.peers,
    witness: host.role === 'witness',
    resolvers: await nameServers(),
    ways: planMesh(installation, host.name, fleet)?.ways.map(({ address }) => address) ?? [],
    apps: speaksOfApps(policy) ? await appAddresses(deps) : [],
  }
}

/** As long as nobody says anything of an app, nobody has to know where it is. */
const speaksOfApps = ({ rules }: NetworkPolicy) =>
  rules.some(({ from, to }) => [from, to].some((end) => parseEnd(end)?.kind === 'app'))

async function appAddresses({ docker, config }: Pick<GuardDeps, 'docker' | 'config'>): Promise<AppAddress[]> {
  const own = { [LABELS.owner]: config.installation.id }
  const kinds = [INSTANCE_COMPONENT, RUN_COMPONENT]
  const found = await Promise.all(
    kinds.map((component) => docker.containers.list({ ...own, [LABELS.component]: component })),
  )
  return found.flat().flatMap((container) => appAddress(container) ?? [])
}

/** Who has an address on the apps' network. */
function appAddress({ labels, addresses }: EngineContainer): AppAddress | undefined {
  const address = labels[LABELS.address] ?? Object.values(addresses)[0]
  const app = labels[LABELS.app]
  if (address === undefined || app === undefined) return undefined
  return { address, app, process: labels[LABELS.process] ?? RUN_PROCESS }
}

/** Where names are asked for; the engine hands on the containers' questions from the containers' own addresses. */
async function nameServers(): Promise<string[]> {
  const text = (await readText('/etc/resolv.conf')) ?? ''
  return [...text.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(([, address = '']) => address)
}

/** Of IPv4 and of IPv6. */
const judgeBridged = async () => (await Promise.all(BRIDGED.map(switchOn))).every((isOn) => isOn)

/** Switches it on where it is off. */
async function switchOn(file: string): Promise<boolean> {
  const now = (await readText(file))?.trim()
  if (now !== '0') return now === '1'
  try {
    await writeFile(file, '1')
    return true
  } catch {
    // A confined agent may not: the report says so, and so does the check of the rules.
    return false
  }
}
