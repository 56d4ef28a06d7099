import { join } from 'node:path'
import { memoryOf } from '#runtime/drivers/control-groups.ts'
import { exists } from '#runtime/drivers/files.ts'
import { hasDrills } from './drills.ts'
import { type HostState, hostSocket, hostState, initOf } from './host.ts'
import type { Lab } from './lab.ts'
import { lineIsWhole } from './network.ts'
import type { HostPlan } from './plan.ts'

export interface HostStatus extends HostPlan {
  readonly state: HostState
  /** Whether the container engine has been started in it. */
  readonly engine: boolean
  readonly memoryBytes: number | null
}

export interface SiteStatus {
  readonly name: string
  readonly subnet: string
  /** `off`: the networks of the lab do not run. */
  readonly line: 'whole' | 'cut' | 'off'
  readonly hosts: readonly HostStatus[]
}

export interface LabStatus {
  readonly home: string
  /** Every line whole, every host running. */
  readonly whole: boolean
  readonly client: string
  readonly platform: { readonly host: string; readonly url: string } | null
  /** Whether drills that take hosts and lines can be started from the platform, too. */
  readonly drills: boolean
  readonly sites: readonly SiteStatus[]
}

/** What the kernel says about every part of the lab. */
export async function labStatus(lab: Lab): Promise<LabStatus> {
  const sites = await Promise.all(
    lab.plan.sites.map(async (site): Promise<SiteStatus> => {
      const whole = await lineIsWhole(lab, site)
      const hosts = await Promise.all(site.hosts.map((host) => hostStatus(lab, host)))
      const line = whole === undefined ? 'off' : whole ? 'whole' : 'cut'
      return { name: site.name, subnet: site.subnet, line, hosts }
    }),
  )
  return {
    home: lab.home,
    whole: sites.every(
      ({ line, hosts }) => line === 'whole' && hosts.every(({ state }) => state === 'running'),
    ),
    client: lab.plan.client.address,
    platform: lab.file.platform,
    drills: await hasDrills(lab),
    sites,
  }
}

async function hostStatus(lab: Lab, host: HostPlan): Promise<HostStatus> {
  const state = await hostState(lab, host)
  const init = state === 'off' ? undefined : await initOf(lab, host)
  const memory =
    init === undefined ? undefined : await memoryOf(lab.trees, join(lab.plan.group, `host-${host.name}`))
  return {
    ...host,
    state,
    engine: init !== undefined && (await exists(hostSocket(init))),
    memoryBytes: memory ?? null,
  }
}
