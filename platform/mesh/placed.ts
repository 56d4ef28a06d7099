import type { PlatformConfig } from '#contract/agent.ts'
import { type Fleet, SERVICES, type ServiceName } from '#contract/fleet.ts'
import type { HostIdentity } from '#contract/host-identity.ts'

/** The service that a component is; undefined for what every host has for itself. */
export function serviceOf(component: string): ServiceName | undefined {
  const name = component === 'etcd' ? 'etcd-1' : component
  return SERVICES.find((service) => service === name)
}

/** Components whose host can change; on hosts that joined, the agent alone looks after them. */
export const SERVICE_COMPONENTS: readonly string[] = ['etcd', ...SERVICES]

/**
 * Leaves out of a host's platform configuration what is on other hosts now. What has no place is on the first.
 */
export function placedHere(
  platform: PlatformConfig,
  self: Pick<HostIdentity, 'name' | 'first'>,
  { services }: Fleet,
): PlatformConfig {
  const isHere = (component: string) => {
    const service = serviceOf(component)
    if (service === undefined) return true
    const host = services[service]
    // Nothing stops because a message did not name it.
    return host === undefined ? self.first : host === self.name
  }
  return { ...platform, containers: platform.containers.filter(({ component }) => isHere(component)) }
}
