import { appRoutes } from '#contract/apps.ts'
import { hostRoutes } from '#contract/hosts.ts'
import type { AppName } from '#contract/ids.ts'
import { platformRoutes } from '#contract/platform.ts'
import { askEdge, nameOf } from './host-ledger.ts'
import type { HostsGround, HostsPlace } from './hosts-place.ts'
import { storeIsWhole } from './store-leader.ts'

const PAIR = ['postgres-1', 'postgres-2'] as const

/**
 * What is not yet as it should be, in a few words; undefined when all is where it belongs and well: every host is ready, the
 * pair has a synchronous standby, the app is in two data centres, the store's members hear each other, and every edge
 * leads to the app and to the platform.
 */
export async function whatIsMissing(place: HostsPlace): Promise<string | undefined> {
  try {
    return (
      (await hostsMissing(place)) ??
      (await pairMissing(place)) ??
      (await appMissing(place)) ??
      ((await storeIsWhole(place)) ? undefined : "a member of the cluster's store") ??
      (await edgeMissing(place))
    )
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * The same for the database alone: every host is ready, the pair has a synchronous standby, and each member is on the host that it
 * belongs to and on no other.
 */
export async function whatIsMissingOfPair(lab: HostsGround): Promise<string | undefined> {
  try {
    return (await hostsMissing(lab)) ?? (await pairMissing(lab)) ?? (await memberMissing(lab))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function memberMissing(lab: HostsGround): Promise<string | undefined> {
  const full = lab.hosts.filter((host) => host.full)
  for (const member of PAIR) {
    const own = await lab.hostOf(member)
    for (const { name } of full) {
      const { containers } = await lab.engine(name)
      const isThere = (await containers.inspect(`${lab.installation.name}-${member}`)) !== undefined
      if (isThere !== (name === own.name)) return `${member} is ${isThere ? 'still' : 'not yet'} on ${name}`
    }
  }
  return undefined
}

async function hostsMissing(place: Pick<HostsGround, 'ask'>): Promise<string | undefined> {
  const { hosts } = await place.ask((client) => client.call(hostRoutes.list, {}))
  const absent = hosts.find(({ state }) => state !== 'ready')
  return absent && `${absent.name} is ${absent.state}`
}

async function pairMissing(place: Pick<HostsGround, 'ask'>): Promise<string | undefined> {
  const { members } = await place.ask((client) => client.call(platformRoutes.pair, {}))
  const has = (role: string, state: string) => members.some((one) => one.role === role && one.state === state)
  if (!has('primary', 'running')) return 'the pair has no primary'
  return has('synchronous standby', 'streaming') ? undefined : 'the pair has no synchronous standby'
}

async function appMissing(place: HostsPlace): Promise<string | undefined> {
  const app = (await place.app()) as AppName
  const answer = await place.ask((client) => client.call(appRoutes.instances, { params: { app } }))
  if (answer.instances.some(({ state }) => state !== 'healthy')) return 'an instance is not healthy'
  const centreOf = new Map(place.hosts.map(({ name, dataCentre }) => [name, dataCentre]))
  const centres = new Set(answer.instances.map(({ host }) => centreOf.get(host)))
  return centres.size > 1 ? undefined : 'the app is in one data centre'
}

async function edgeMissing(place: HostsPlace): Promise<string | undefined> {
  const app = await place.app()
  const { domain } = place.installation
  for (const host of place.hosts.filter(({ full }) => full)) {
    if ((await askEdge(place, host, nameOf(place, app), '/')) === undefined)
      return `the edge of ${host.name} does not lead to the app`
    if ((await askEdge(place, host, domain, '/health')) === undefined)
      return `the edge of ${host.name} does not lead to the platform`
  }
  return undefined
}
