import type { ContainerSpec, InstanceSpec, WorkloadApp, WorkloadConfig } from '#contract/agent.ts'
import type { MaruError } from '#contract/errors.ts'
import { addressesOf } from '#contract/installation.ts'
import { applyStep, type ContainerStep, planContainers, withLiveNetworks } from '#platform/hosts/converge.ts'
import type { HostRules } from '#platform/network/apply-rules.ts'
import {
  type Docker,
  type EngineContainer,
  EngineRefusal,
  hashSpec,
  LABELS,
} from '#runtime/drivers/docker.ts'
import type { AddressBook } from './address-book.ts'
import {
  type ImageFacts,
  INSTANCE_COMPONENT,
  instanceContainer,
  type Place,
  serverName,
} from './instance-spec.ts'

/** An instance that should exist, with the container that it means. */
export interface WantedInstance {
  readonly app: WorkloadApp
  readonly instance: InstanceSpec
  /** Undefined when its image is not there. */
  readonly spec: ContainerSpec | undefined
}

/** An instance by the name of its container; where it has none yet, by what it is of. */
export const keyOf = ({ app, instance, spec }: WantedInstance) =>
  spec?.name ?? `${app.app}/${serverName(instance)}`

export interface InstanceDeps extends Place {
  readonly docker: Docker
  readonly addresses: AddressBook
  readonly rules: Pick<HostRules, 'admit'>
}

/** Every instance of a workload as a container. `images`: what is known of them, so that each is looked at only once. */
export async function wantedInstances(
  deps: InstanceDeps,
  workload: WorkloadConfig,
  images: Map<string, ImageFacts>,
): Promise<WantedInstance[]> {
  const all = workload.apps.flatMap((app) => app.instances.map((instance) => ({ app, instance })))
  for (const image of new Set(all.map(({ instance }) => instance.image))) {
    if (images.has(image)) continue
    const found = await deps.docker.images.find(image)
    if (found !== undefined) images.set(image, found)
  }
  return all.map(({ app, instance }) => {
    const image = images.get(instance.image)
    const spec = image === undefined ? undefined : instanceContainer(deps, app, instance, image)
    return { app, instance, spec }
  })
}

/** The owner's instance containers, in whatever state. */
export async function listInstances(
  deps: Pick<InstanceDeps, 'docker' | 'installation'>,
): Promise<EngineContainer[]> {
  return deps.docker.containers.list({
    [LABELS.owner]: deps.installation.id,
    [LABELS.component]: INSTANCE_COMPONENT,
  })
}

/**
 * Makes and starts what is missing, replaces what changed; takes nothing surplus away. Instances do not wait for
 * each other, and one that cannot start keeps no other from it. Gives the reasons by container name.
 */
export async function raiseInstances(
  deps: InstanceDeps,
  wanted: readonly WantedInstance[],
  have: readonly EngineContainer[],
): Promise<Map<string, string>> {
  const problems = new Map<string, string>()
  const specs = wanted.flatMap(({ spec }) => (spec === undefined ? [] : [{ spec, hash: hashSpec(spec) }]))
  const names = new Set(specs.map(({ spec }) => spec.name))
  const plan = planContainers(
    specs,
    await withLiveNetworks(
      { docker: deps.docker, owner: deps.installation.id },
      have.filter(({ name }) => names.has(name)),
    ),
  )
  const byName = Map.groupBy(plan, nameOf)
  await Promise.all(
    [...byName].map(async ([name, steps]) => {
      try {
        for (const step of steps) await raise(deps, step)
      } catch (error) {
        if (!(error instanceof EngineRefusal)) throw error
        problems.set(name, reasonOf(error))
      }
    }),
  )
  return problems
}

async function raise(
  { docker, installation, addresses, rules }: InstanceDeps,
  step: ContainerStep,
): Promise<void> {
  const owner = installation.id
  if (step.kind !== 'create') return applyStep({ docker, owner }, step)
  const address = await addresses.take()
  await docker.containers.create(step.spec, owner, { address, dns: addressesOf(installation).names })
  const { [LABELS.app]: app = '', [LABELS.process]: process = '' } = step.spec.labels
  await rules.admit({ address, app, process })
}

const nameOf = (step: ContainerStep) => ('spec' in step ? step.spec.name : step.name)

/** The engine's sentence without its transport's prefix. */
export const reasonOf = (error: EngineRefusal | MaruError) =>
  error.message.replace(/^\(HTTP code \d+\) [^-]* - /, '').slice(0, 300)

/** Ends and removes containers in the background: a slow stop must not keep the next change waiting. */
export interface Retirement {
  retire(containers: readonly EngineContainer[]): void
  /** Ids that are on their way out. */
  leaving(): ReadonlySet<string>
}

export function makeRetirement(docker: Docker, done: (error: unknown) => void): Retirement {
  const leaving = new Set<string>()
  const end = async (id: string) => {
    await docker.containers.stop(id)
    await docker.containers.remove(id)
  }
  return {
    leaving: () => leaving,
    retire: (containers) => {
      for (const { id } of containers) {
        if (leaving.has(id)) continue
        leaving.add(id)
        const finish = (error: unknown) => {
          leaving.delete(id)
          done(error)
        }
        end(id).then(() => finish(undefined), finish)
      }
    },
  }
}
