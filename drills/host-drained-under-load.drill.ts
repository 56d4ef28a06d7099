import { appRoutes } from '#contract/apps.ts'
import { hostRoutes } from '#contract/hosts.ts'
import type { AppName, HostName } from '#contract/ids.ts'
import type { HostsDrill, Stages } from './drill.ts'
import { faultOfHosts, LOST, SET_UP, visitAll } from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { leadPairFrom } from './hosts/pair-lead.ts'
import { hundredths } from './hundredths.ts'
import { present } from './present.ts'
import { secondsUntil } from './wait-until.ts'

const FAILED = 'requests that failed'
const LEFT = 'instances that were left on the emptied host'
const BACK = 'time until the app is in two data centres again'
type Names = typeof FAILED | typeof LOST | typeof LEFT | typeof BACK

const BACK_S = 180
/** How long the host may take to become empty, and to be used again, before its figure is "at least that long". */
const PATIENCE_S = 240

/** A host is emptied, as before work on it, and taken back, while its apps are visited. */
export const hostDrainedUnderLoad: HostsDrill<Names> = {
  name: 'host-drained-under-load',
  promises: ['SYS-3', 'PLT-3', 'REC-1'],
  needs: 'hosts',
  summary: 'Empty a host and take it back while visitors ask at every edge',
  harmless: false,
  setUp: `${SET_UP} They ask the edges of both data centres. The database’s primary is on another host.`,
  fault: 'A host is drained until no instance is on it, and then takes instances again.',
  measures: {
    [FAILED]: { unit: 'requests', limit: 0 },
    [LOST]: { unit: 'writes', limit: 0 },
    [LEFT]: { unit: 'instances', limit: 0 },
    [BACK]: { unit: 's', limit: BACK_S },
  },
  expectedS: 60,
  begin,
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place)
  const { ledger } = story
  const { signal } = place
  let chosen: LabHost | undefined
  const drained = () => present(chosen)
  const params = () => ({ host: drained().name as HostName })
  const undrain = () => place.ask((client) => client.call(hostRoutes.undrain, { params: params() }))
  let left = Number.NaN
  return {
    setUp: async () => {
      await story.ready()
      chosen = await hostWithInstances(place)
      // A host that has the lead hands it over first, which fails writes of drivers that send nothing again: that is a drill of its own.
      const isThere = (await place.hostOf('postgres-1')).name === drained().name
      await leadPairFrom(place, isThere ? 'postgres-2' : 'postgres-1')
      await visitAll(place, story)
    },
    fault: async () => {
      await story.strike(async () => {
        await place.ask((client) => client.call(hostRoutes.drain, { params: params() }))
      })
      await secondsUntil({ timeoutS: PATIENCE_S, signal }, async () => {
        left = await instancesOn(place, drained())
        return left === 0
      })
      if (left === 0) place.mark('host is empty')
    },
    measure: async () => {
      const since = performance.now()
      place.mark('host taken back')
      await undrain()
      const isBack = async () =>
        (hasSibling(place, drained()) || (await instancesOn(place, drained())) > 0) &&
        (await isHealthy(place))
      if ((await secondsUntil({ timeoutS: PATIENCE_S, signal }, isBack)) < PATIENCE_S) place.mark('heal')
      const backS = hundredths((performance.now() - since) / 1000)
      await ledger.stop()
      const lost = await ledger.findLost()
      const failed = ledger.failed.length
      const all = ledger.answered() + failed
      for (const reason of new Set(ledger.failed.map((one) => one.reason))) place.say(`failed: ${reason}`)
      return {
        values: { [FAILED]: failed, [LOST]: lost.length, [LEFT]: left, [BACK]: backS },
        result: `Of ${all} requests ${failed} failed while a host was emptied and taken back; ${backS} s after that the app was in two data centres again.`,
        figures: {
          requests: { value: all, unit: 'requests' },
        },
        ledger: { of: 'acknowledged writes', entries: ledger.acknowledged, failed: ledger.failed, lost },
      }
    },
    cleanUp: async () => {
      await story.cleanUp()
      if (chosen !== undefined) await undrain()
    },
  }
}

/** A host that there is something to empty of, and not the first. */
async function hostWithInstances(place: HostsPlace): Promise<LabHost> {
  for (const host of place.hosts.filter(({ full, first }) => full && !first))
    if ((await instancesOn(place, host)) > 0) return host
  throw new Error('no host but the first has an instance')
}

/** Another host of its data centre has taken its instances over; nothing moves back, since nothing would be better for it. */
const hasSibling = ({ hosts }: HostsPlace, { name, dataCentre }: LabHost) =>
  hosts.some((one) => one.full && one.name !== name && one.dataCentre === dataCentre)

async function instancesOn(place: HostsPlace, { name }: LabHost): Promise<number> {
  const { hosts } = await place.ask((client) => client.call(hostRoutes.list, {}))
  return hosts.find((host) => host.name === name)?.instances ?? 0
}

async function isHealthy(place: HostsPlace): Promise<boolean> {
  const app = (await place.app()) as AppName
  const { instances } = await place.ask((client) => client.call(appRoutes.instances, { params: { app } }))
  const places = new Set(instances.map(({ dataCentre }) => dataCentre))
  return places.size > 1 && instances.every(({ state }) => state === 'healthy')
}
