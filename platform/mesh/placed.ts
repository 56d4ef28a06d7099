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

/** Whether a service is on a host. Nothing stops because a message did not name it: what has no place is on the first. */
export function isOn(
  service: ServiceName,
  { name, first }: Pick<HostIdentity, 'name' | 'first'>,
  { services }: Fleet,
): boolean {
  const host = services[service]
  return host === undefined ? first : host === name
}

/**
 * Leaves out of a host's platform configuration what is on other hosts now.
 */
export function placedHere(
  platform: PlatformConfig,
  self: Pick<HostIdentity, 'name' | 'first'>,
  fleet: Fleet,
): PlatformConfig {
  const isHere = (component: string) => {
    const service = serviceOf(component)
    return service === undefined || isOn(service, self, fleet)
  }
  return { ...platform, containers: platform.containers.filter(({ component }) => isHere(component)) }
}
