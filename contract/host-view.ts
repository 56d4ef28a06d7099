import { z } from 'zod'
import { Instance } from './apps.ts'
import { HostAddress, HostRole } from './host-identity.ts'
import { AppName, DataCentreName, Generation, HostName, Instant } from './ids.ts'

/** `joining`: it has its certificate and has not reported yet. `silent`: it has not reported for a while. */
export const HostState = z.enum(['joining', 'ready', 'silent', 'draining', 'removed'])
export type HostState = z.infer<typeof HostState>

export const Host = z.strictObject({
  name: HostName,
  dataCentre: DataCentreName,
  address: HostAddress,
  role: HostRole,
  state: HostState,
  draining: z.boolean().describe('It is being emptied, or is empty and stays so'),
  first: z
    .boolean()
    .describe('The host of the first `maru up`, for as long as it belongs to the installation'),
  generation: Generation.nullable().describe('State of the apps that it has applied whole'),
  version: z.string().nullable().describe('Version of the program that it runs'),
  joinedAt: Instant,
  reportedAt: Instant.nullable(),
  certificateExpiresAt: Instant.nullable(),
})
export type Host = z.infer<typeof Host>

/** A host with what it has of the apps. */
export const HostView = z.strictObject({
  ...Host.shape,
  holdsAddress: z.boolean().describe('The address of its data centre leads to it now, as it said last'),
  runsApps: z.boolean().describe('It is no witness, and has said that it has all that instances need'),
  instances: z.number().int().describe('Instances that are there, or on their way to or from it'),
  waiting: z.number().int().describe('Of those, how many should leave and find no room elsewhere'),
  memory: z.strictObject({
    promisedMb: z.number().int().describe('What its instances may use together'),
    availableMb: z.number().int().describe('What it has for instances'),
  }),
})
export type HostView = z.infer<typeof HostView>

/** How an instance on a host goes on. */
export const InstanceCourse = z
  .enum(['stays', 'arriving', 'leaving', 'waiting', 'ending'])
  .describe(
    '`arriving`, `leaving`: it is on its way between two hosts; `waiting`: it should leave, and no other host has room; `ending`: nobody needs it any more',
  )
export type InstanceCourse = z.infer<typeof InstanceCourse>

/** An instance as the map shows it. */
export const HostInstance = z.strictObject({
  app: AppName,
  id: Instance.shape.id,
  release: z.number().int(),
  state: Instance.shape.state,
  course: InstanceCourse,
})
export type HostInstance = z.infer<typeof HostInstance>

export const HostWithInstances = z.strictObject({ ...HostView.shape, running: z.array(HostInstance) })
export type HostWithInstances = z.infer<typeof HostWithInstances>

/** Whether some other host would take instances now. */
export const isReplaceable = (hosts: readonly HostView[], name: string): boolean =>
  hosts.some((one) => one.name !== name && one.runsApps && one.state === 'ready')

/** Whether the instances of apps are in two data centres now, and would be in one without this host. */
export function leavesOneDataCentre(hosts: readonly HostView[], name: string): boolean {
  // One that is being emptied is about to go, too; the host itself usually is, when this is asked.
  const able = hosts.filter((one) => one.runsApps && (one.name === name || !one.draining))
  const centres = (list: readonly HostView[]) => new Set(list.map(({ dataCentre }) => dataCentre)).size
  return centres(able) > 1 && centres(able.filter((one) => one.name !== name)) < 2
}

/** Whether an address leads to a host that is being emptied although another of its data centre can take it. */
export function isHandingOver(hosts: readonly HostView[], host: HostView): boolean {
  const others = hosts.filter((one) => one.dataCentre === host.dataCentre && one.name !== host.name)
  return host.holdsAddress && others.some(({ role, state }) => role === 'full' && state === 'ready')
}
