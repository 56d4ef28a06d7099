import type { PlatformConfig } from '#contract/agent.ts'
import {
  CONTROL_SERVICES,
  type ControlService,
  type Fleet,
  SERVICES,
  type ServiceName,
} from '#contract/fleet.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import { HOME } from '#contract/installation.ts'

/** The component that a service is, which is also the name of its folder: the first member of the store was once the only one. */
export const componentOf = (service: ServiceName): string => (service === 'etcd-1' ? HOME.etcd : service)

/** The service that a component is; undefined for what every host has for itself. */
export const serviceOf = (component: string): ServiceName | undefined =>
  SERVICES.find((service) => componentOf(service) === component)

/** Components whose host can change; on hosts that joined, the agent alone looks after them. */
export const SERVICE_COMPONENTS: readonly string[] = SERVICES.map(componentOf)

/** Whether a service is on a host. What has no place is on the first: nothing stops there because a message did not name it. */
export function isOn(
  service: ServiceName,
  { name, first }: Pick<HostIdentity, 'name' | 'first'>,
  { services }: Fleet,
): boolean {
  const host = services[service]
  return host === undefined ? first : host === name
}

/** The control plane that is on a host. */
export const controlOn = (
  self: Pick<HostIdentity, 'name' | 'first'>,
  fleet: Fleet,
): ControlService | undefined => CONTROL_SERVICES.find((service) => isOn(service, self, fleet))

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
