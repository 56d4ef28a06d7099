import { ContainerSpec } from '#contract/agent.ts'

/** The container that keeps the addresses of another one. */
export const keeperName = (name: string) => `${name}-net`

/** The host's own network is always there; the engine takes every other one away with the container that joined it. */
const needsKeeper = ({ handOver, networks }: ContainerSpec) =>
  handOver === true && networks.every(({ name }) => name !== 'host')

/**
 * The containers as they are made: one that is to be handed over at addresses of its own gets another beside it, which joins
 * the networks, does nothing, and stays when the first is replaced. So successor and predecessor are at the same addresses.
 */
export function withKeepers(containers: readonly ContainerSpec[]): ContainerSpec[] {
  return containers.flatMap((spec) =>
    needsKeeper(spec)
      ? [keeperOf(spec), { ...spec, networks: [], networkOf: keeperName(spec.name) }]
      : [spec],
  )
}

const keeperOf = ({ name, component, image, user, networks }: ContainerSpec): ContainerSpec =>
  ContainerSpec.parse({
    name: keeperName(name),
    component,
    image,
    command: ['sleep', 'infinity'],
    user,
    networks,
    keepsNetwork: true,
    stopTimeoutS: 1,
    memoryMb: 16,
    processes: 8,
    files: 64,
  })
