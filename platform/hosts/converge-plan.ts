import type { ContainerSpec, NetworkSpec } from '#contract/agent.ts'

/** A wanted thing with the hash of its spec. */
export interface Wanted<T> {
  readonly spec: T
  readonly hash: string
}

/** What is there now and carries the owner's label. */
export interface HaveContainer {
  readonly id: string
  readonly name: string
  readonly specHash: string
  readonly state: string
  readonly networks: readonly string[]
  /** The container whose network it has, if that still is the network which it had when this one started. */
  readonly networkOf?: string | undefined
}

export interface HaveNetwork {
  readonly name: string
  readonly specHash: string
}

export type ContainerStep =
  | {
      readonly kind: 'remove'
      readonly name: string
      readonly id: string
      readonly reason: 'surplus' | 'changed' | 'never started'
    }
  | { readonly kind: 'create'; readonly spec: ContainerSpec }
  /** Another container takes over what this one listens on. */
  | { readonly kind: 'hand-over'; readonly spec: ContainerSpec; readonly id: string }
  | { readonly kind: 'start'; readonly name: string }

export type NetworkStep =
  | { readonly kind: 'network.remove'; readonly name: string; readonly reason: 'surplus' | 'changed' }
  | { readonly kind: 'network.create'; readonly spec: NetworkSpec }

/** States in which a container needs a push; the engine's restart policy takes care of the others. */
const STOPPED = new Set(['exited', 'dead'])

/**
 * Steps that turn what is there into what is wanted: what holds an address that is another's goes first, as surplus ones may,
 * then each wanted one in its order. A container that is not to be restarted and has ended is left as it is.
 */
export function planContainers(
  wanted: readonly Wanted<ContainerSpec>[],
  have: readonly HaveContainer[],
): ContainerStep[] {
  const specs = new Map(wanted.map(({ spec }) => [spec.name, spec]))
  const leaving = have.flatMap(({ name, id, networks }): ContainerStep[] => {
    const spec = specs.get(name)
    if (spec === undefined) return [{ kind: 'remove', name, id, reason: 'surplus' }]
    const givesUp = spec.networkOf !== undefined && networks.length > 0
    return givesUp ? [{ kind: 'remove', name, id, reason: 'changed' }] : []
  })
  const gone = new Set(leaving.map((step) => step.kind === 'remove' && step.name))
  const byName = new Map(have.filter(({ name }) => !gone.has(name)).map((one) => [one.name, one]))
  const steps: ContainerStep[] = []
  for (const one of wanted) {
    const there = byName.get(one.spec.name)
    // Whoever has the network of a container that starts now has to start after it.
    const isNew = steps.some((step) => step.kind === 'start' && step.name === one.spec.networkOf)
    steps.push(...stepsFor(one, there && isNew ? { ...there, networkOf: undefined } : there))
  }
  return [...leaving, ...steps]
}

function stepsFor({ spec, hash }: Wanted<ContainerSpec>, have: HaveContainer | undefined): ContainerStep[] {
  const begin: ContainerStep[] = [
    { kind: 'create', spec },
    { kind: 'start', name: spec.name },
  ]
  if (have === undefined) return begin
  const anew = (reason: 'changed' | 'never started'): ContainerStep[] => [
    { kind: 'remove', name: have.name, id: have.id, reason },
    ...begin,
  ]
  // One that lost a network, or whose creation was cut off before it joined all, cannot be mended by starting it.
  const joined =
    spec.networks.every(({ name }) => have.networks.includes(name)) && spec.networkOf === have.networkOf
  if (have.specHash !== hash || !joined) {
    // Sockets can be handed over only inside one network, by one that runs.
    const canHandOver = spec.handOver === true && joined && have.state === 'running'
    if (canHandOver) return [{ kind: 'hand-over', spec, id: have.id }]
    return anew('changed')
  }
  // Its start was cut off. An engine that died meanwhile may refuse for ever to start it: it knows a task of that id already.
  if (have.state === 'created') return anew('never started')
  const push = STOPPED.has(have.state) && spec.restart === 'always'
  return push ? [{ kind: 'start', name: spec.name }] : []
}

/** As planContainers, for networks. */
export function planNetworks(
  wanted: readonly Wanted<NetworkSpec>[],
  have: readonly HaveNetwork[],
): NetworkStep[] {
  const byName = new Map(have.map((network) => [network.name, network]))
  const names = new Set(wanted.map(({ spec }) => spec.name))
  const surplus: NetworkStep[] = have
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ kind: 'network.remove', name, reason: 'surplus' }))
  const made = wanted.flatMap(({ spec, hash }): NetworkStep[] => {
    const there = byName.get(spec.name)
    if (there === undefined) return [{ kind: 'network.create', spec }]
    if (there.specHash === hash) return []
    return [
      { kind: 'network.remove', name: spec.name, reason: 'changed' },
      { kind: 'network.create', spec },
    ]
  })
  return [...surplus, ...made]
}

/** The steps in words, one a line. */
export function renderSteps(steps: readonly (ContainerStep | NetworkStep)[]): string {
  return steps.map(renderStep).join('\n')
}

function renderStep(step: ContainerStep | NetworkStep): string {
  switch (step.kind) {
    case 'remove':
      return `remove ${step.name} (${step.reason})`
    case 'create':
      return `create ${step.spec.name} from ${step.spec.image}`
    case 'hand-over':
      return `hand ${step.spec.name} over to a new one from ${step.spec.image}`
    case 'start':
      return `start ${step.name}`
    case 'network.remove':
      return `remove network ${step.name} (${step.reason})`
    case 'network.create':
      return `create network ${step.spec.name} ${step.spec.subnet}`
  }
}
