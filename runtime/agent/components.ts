import type { PlatformConfig } from '#contract/agent.ts'
import { DETECTOR_COMPONENT } from '#contract/detection.ts'
import { CONTROL_SERVICES } from '#contract/fleet.ts'
import type { ComponentStatus } from '#contract/platform.ts'
import { UPSTREAM_COMPONENT } from '#contract/upstream.ts'
import type { RunningEdge } from '#platform/edge/index.ts'
import { ADDRESS_COMPONENT } from '#platform/virtual-address/index.ts'
import type { EngineContainer } from '#runtime/drivers/docker.ts'

export interface ComponentFacts {
  readonly containers: readonly EngineContainer[]
  /** Container id → bytes. */
  readonly memory: ReadonlyMap<string, number>
  readonly edge: RunningEdge | undefined
  /** The address of the data centre, when it leads here. */
  readonly heldAddress?: string | undefined
  /** Parts of the resolver that run and do not answer. */
  readonly silentResolvers?: readonly string[] | undefined
  /** Why attacks could go unseen; empty where they would not. */
  readonly detectorProblem?: string | undefined
  /** Why providers would not hear what they should drop; empty where they would. */
  readonly upstreamProblem?: string | undefined
}

/** The state of each part of the platform on this host, in the order of the configuration. */
export function judgeComponents(config: PlatformConfig, facts: ComponentFacts): ComponentStatus[] {
  return config.containers.map(({ component, name }) => {
    const container = facts.containers.find((one) => one.name === name)
    const memoryBytes = container === undefined ? null : (facts.memory.get(container.id) ?? null)
    return { component, memoryBytes, ...stateOf(component, container, facts) }
  })
}

type State = Pick<ComponentStatus, 'state' | 'detail'>

function stateOf(
  component: string,
  container: EngineContainer | undefined,
  { edge, heldAddress, silentResolvers = [], detectorProblem = '', upstreamProblem = '' }: ComponentFacts,
): State {
  if (container === undefined) return { state: 'down', detail: 'Its container does not exist.' }
  if (container.state === 'restarting') return { state: 'degraded', detail: 'It ends again and again.' }
  if (container.state !== 'running') return { state: 'down', detail: `Its container is ${container.state}.` }
  if (component === 'edge' && edge === undefined) return { state: 'degraded', detail: 'It does not answer.' }
  if (CONTROL_SERVICES.some((one) => one === component)) return controlState(component, edge)
  if (component === ADDRESS_COMPONENT && heldAddress !== undefined)
    return { state: 'ok', detail: `${heldAddress} leads here.` }
  if (silentResolvers.includes(component))
    return { state: 'degraded', detail: 'It does not answer: apps that ask it learn no names.' }
  if (component === DETECTOR_COMPONENT && detectorProblem !== '')
    return { state: 'degraded', detail: detectorProblem }
  if (component === UPSTREAM_COMPONENT && upstreamProblem !== '')
    return { state: 'degraded', detail: upstreamProblem }
  return { state: 'ok', detail: '' }
}

function controlState(component: string, edge: RunningEdge | undefined): State {
  const server = edge?.servers.find(({ backend, name }) => backend === 'control' && name === component)
  if (server?.health === 'down') return { state: 'degraded', detail: 'The edge cannot reach it.' }
  return { state: 'ok', detail: '' }
}
