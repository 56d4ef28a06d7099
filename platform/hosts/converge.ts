import type { ContainerSpec, NetworkSpec, PlatformConfig } from '#contract/agent.ts'
import { RULE_SET_COMPONENT } from '#contract/rule-set.ts'
import {
  type Docker,
  type EngineContainer,
  hashContainer,
  hashSpec,
  LABELS,
} from '#runtime/drivers/docker.ts'
import { isRetiredName } from '#runtime/drivers/hand-over.ts'
import {
  type ContainerStep,
  type HaveContainer,
  type NetworkStep,
  planContainers,
  planNetworks,
  renderSteps,
} from './converge-plan.ts'
import { withKeepers } from './network-keeper.ts'

export { type ContainerStep, planContainers } from './converge-plan.ts'

export interface ConvergeDeps {
  readonly docker: Docker
  /** The installation's id: value of the label maru.owner. */
  readonly owner: string
  /** Told of each step before it is done. */
  readonly onStep?: (text: string) => void
  /** Waits until a container that is to be replaced can be spared. */
  readonly beforeReplacing?: (name: string) => Promise<void>
  /** Replaces a container by one that takes over what it listens on. */
  readonly handOver?: (spec: ContainerSpec, oldId: string) => Promise<void>
}

/** Component label of app instances and of one-off containers: they are not part of the platform's half. */
export const WORKLOAD_COMPONENTS: readonly string[] = [
  ...['instance', 'run', 'build', 'check'],
  RULE_SET_COMPONENT,
]

type Step = ContainerStep | NetworkStep

/** The choice of containers that a convergence answers for; what is outside is left alone. */
export type Scope = (labels: Readonly<Record<string, string>>, name: string) => boolean

/** Brings the owned containers in `scope` to exactly `wanted`, one step after the other. Gives the steps. */
export async function convergeContainers(
  deps: ConvergeDeps,
  wanted: readonly ContainerSpec[],
  scope: Scope,
): Promise<ContainerStep[]> {
  const all = await deps.docker.containers.list({ [LABELS.owner]: deps.owner })
  const live = await withLiveNetworks(
    deps,
    all.filter((one) => scope(one.labels, one.name) && !isRetiring(one)),
  )
  const have = await withLiveKeepers(deps, live)
  const steps = planContainers(
    wanted.map((spec) => ({ spec, hash: hashContainer(spec) })),
    have,
  )
  for (const step of steps) await applyStep(deps, step)
  return steps
}

/** One that was handed over ends by itself, with its last request; only then it is surplus. */
const isRetiring = ({ name, state }: EngineContainer) => isRetiredName(name) && state === 'running'

/**
 * The name of the container whose network each one has; none where that container is gone, or was started again: the network
 * that it had before is gone then, with everything that was connected to it.
 */
async function withLiveKeepers(
  { docker }: Pick<ConvergeDeps, 'docker'>,
  containers: readonly EngineContainer[],
): Promise<HaveContainer[]> {
  const startOf = async (id: string) => (await docker.containers.inspect(id))?.startedAt?.getTime() ?? 0
  return await Promise.all(
    containers.map(async ({ networkOf, ...one }) => {
      const keeper = containers.find(({ id }) => id === networkOf)
      if (keeper === undefined) return one
      const isStale = one.state === 'running' && (await startOf(one.id)) < (await startOf(keeper.id))
      return isStale ? one : { ...one, networkOf: keeper.name }
    }),
  )
}

/**
 * Leaves out the networks that a container joined and that are not there any more, even if others have their names
 * now: the engine goes by ids, and does not start a container that knows an id which is gone.
 */
export async function withLiveNetworks(
  { docker, owner }: Pick<ConvergeDeps, 'docker' | 'owner'>,
  containers: readonly EngineContainer[],
): Promise<EngineContainer[]> {
  const networks = await docker.networks.list({ [LABELS.owner]: owner })
  const idOf = new Map(networks.map(({ name, id }) => [name, id]))
  return containers.map((container) => ({
    ...container,
    networks: container.networks.filter((name) => {
      const [known = '', now] = [container.networkIds[name], idOf.get(name)]
      return known === '' || now === undefined || known === now
    }),
  }))
}

/** Brings the owned networks to exactly `wanted`. */
export async function convergeNetworks(
  deps: ConvergeDeps,
  wanted: readonly NetworkSpec[],
): Promise<NetworkStep[]> {
  const have = await deps.docker.networks.list({ [LABELS.owner]: deps.owner })
  const steps = planNetworks(
    wanted.map((spec) => ({ spec, hash: hashSpec(spec) })),
    have,
  )
  for (const step of steps) await applyStep(deps, step)
  return steps
}

export interface PlatformOptions {
  /** Components that this caller must not touch: the agent does not replace itself. */
  readonly leave?: readonly string[]
}

/** Brings the platform's half of the host to its configuration. Gives one line for each step; none when all was well. */
export async function convergePlatform(
  deps: ConvergeDeps,
  config: PlatformConfig,
  options: PlatformOptions = {},
): Promise<string[]> {
  const leave = new Set([...WORKLOAD_COMPONENTS, ...(options.leave ?? [])])
  const networks = await convergeNetworks(deps, config.networks)
  const containers = await convergeContainers(
    deps,
    withKeepers(config.containers.filter(({ component }) => !leave.has(component))),
    // While the engine builds an image it gives its labels to containers of its own: those name no component.
    ({ [LABELS.component]: component = '' }) => component !== '' && !leave.has(component),
  )
  return [...networks, ...containers].map((step) => renderSteps([step]))
}

/** Does one step of a plan. */
export async function applyStep(deps: ConvergeDeps, step: Step): Promise<void> {
  const { docker, owner } = deps
  deps.onStep?.(renderSteps([step]))
  switch (step.kind) {
    case 'remove':
      if (step.reason === 'changed') await deps.beforeReplacing?.(step.name)
      // Stop first: a database or an edge that is killed has more to do at its next start.
      await docker.containers.stop(step.id)
      return docker.containers.remove(step.id)
    case 'create':
      await docker.containers.create(step.spec, owner)
      return
    case 'hand-over':
      return handOver(deps, step)
    case 'start':
      return docker.containers.start(step.name)
    case 'network.remove':
      return removeNetwork(docker, step.name)
    case 'network.create':
      return docker.networks.create(step.spec, owner)
  }
}

async function handOver(
  deps: ConvergeDeps,
  { spec, id }: Extract<ContainerStep, { kind: 'hand-over' }>,
): Promise<void> {
  if (deps.handOver !== undefined) return await deps.handOver(spec, id)
  const { name } = spec
  for (const step of [
    { kind: 'remove', name, id, reason: 'changed' },
    { kind: 'create', spec },
    { kind: 'start', name },
  ] as const)
    await applyStep(deps, step)
}

/** A network with members cannot be removed; they lose it now and are replaced because their spec names it. */
async function removeNetwork(docker: Docker, name: string): Promise<void> {
  const members = await docker.networks.members(name)
  for (const member of members) await docker.networks.disconnect(name, member)
  await docker.networks.remove(name)
}
