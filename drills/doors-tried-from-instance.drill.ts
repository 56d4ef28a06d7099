import { addressesOf } from '#contract/installation.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { type Door, doorsOpen, doorsShut, type Tried, tryDoors } from './network/doors.ts'
import { type Inside, instancesOf } from './network/instances.ts'
import { linkLocalOf, setIpv6 } from './network/ipv6.ts'
import { learnedBy } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { letIn } from './network/said.ts'
import { SCANS, type Scanner, scan, startScanner, whatWasSeen } from './network/scan.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const SHUT = 'doors that answered and should not'
const OPEN = 'doors that the app needs and did not find'
const SWEPT = 'ports beyond the approved ones that a sweep found'
const IPV6 = 'doors that answered over IPv6'
type Names = typeof SHUT | typeof OPEN | typeof SWEPT | typeof IPV6

/** From inside a compromised instance everything around it is tried. */
export const doorsTriedFromInstance: Drill<Names> = {
  name: 'doors-tried-from-instance',
  promises: ['NET-1', 'NET-2', 'DAT-3'],
  needs: 'machine',
  programs: { nmap: 'nmap', tcpdump: 'tcpdump' },
  summary: "Try every door of the platform, the host and other apps from an instance's network",
  harmless: false,
  setUp: 'Two apps of its own. The drill stands in the network of an instance of one, as its root.',
  fault:
    'It tries the other app, the database pair, the store, the control plane, the host, a cloud’s credentials and the host over IPv6; then nmap sweeps all ports of the host and of the proxy.',
  measures: {
    [SHUT]: { unit: 'doors', limit: 0 },
    [OPEN]: { unit: 'doors', limit: 0 },
    [SWEPT]: { unit: 'ports', limit: 0 },
    [IPV6]: { unit: 'doors', limit: 0 },
  },
  expectedS: 60,
  begin,
}

interface Found {
  readonly tried: readonly Tried[]
  readonly ipv6: readonly Tried[]
  readonly swept: ReadonlySet<string>
}

const READY_S = 30

function begin(place: DrillPlace): Stages<Names> {
  const [intruder, neighbour] = [drillApp(place, 'intruder'), drillApp(place, 'neighbour')]
  let inside: Inside | undefined
  let scanner: Scanner | undefined
  let found: Found | undefined
  return {
    setUp: async () => {
      for (const app of [intruder, neighbour]) await app.deploy()
      inside = (await instancesOf(place, intruder.name))[0]
      const own = present(inside)
      const needs = doorsOpen(place.installation)
      await waitUntil(
        'the app to find what it needs',
        { timeoutS: READY_S, signal: place.signal },
        async () => (await tryDoors(own, needs)).every(({ end }) => end === 'open'),
      )
    },
    fault: async () => {
      const own = present(inside)
      const neighbours = (await instancesOf(place, neighbour.name)).map(({ address }) => address)
      const doors = [...doorsOpen(place.installation), ...doorsShut(place.installation, neighbours)]
      place.mark('fault')
      const tried = await tryDoors(own, doors)
      place.mark('last door tried')
      const ipv6 = await tryIpv6(place, own)
      scanner = await startScanner(own)
      const { edge, pgproxy } = addressesOf(place.installation)
      await scan(own, SCANS.fast, [edge.apps, pgproxy.apps])
      place.mark('last port swept')
      const { open, closed } = learnedBy(own.address, (await whatWasSeen(scanner)).packets)
      found = { tried, ipv6, swept: new Set([...open, ...closed]) }
    },
    measure: async () => summarize(place, present(found)),
    cleanUp: () =>
      endAll([
        () => scanner?.capture.stop(),
        () => inside && setIpv6(inside, false),
        () => inside && letIn(place, [inside]),
        intruder.destroy,
        neighbour.destroy,
      ]),
  }
}

/** The apps' network has no IPv6; who switches it on finds the host's own address there. */
async function tryIpv6({ installation }: DrillPlace, own: Inside): Promise<Tried[]> {
  await setIpv6(own, true)
  const address = linkLocalOf(addressesOf(installation).networks.apps.bridge)
  if (address === undefined) return []
  const host = `${address}%eth0`
  const ports = [22, installation.ports.http, installation.ports.https]
  return await tryDoors(
    own,
    ports.map((port): Door => ({ what: `port ${port} of the host over IPv6`, host, port })),
  )
}

function summarize({ installation, say }: DrillPlace, { tried, ipv6, swept }: Found): Measured<Names> {
  const { edge, pgproxy, postgresPort } = addressesOf(installation)
  const needed = new Set(doorsOpen(installation).map(({ what }) => what))
  for (const { what, end } of [...tried, ...ipv6]) say(`${end}: ${what}`)
  const leaks = tried.filter(({ what, end }) => !needed.has(what) && end !== 'silent')
  const missing = tried.filter(({ what, end }) => needed.has(what) && end !== 'open')
  const over = ipv6.filter(({ end }) => end !== 'silent')
  const { http, https } = installation.ports
  const approved = [`${pgproxy.apps}:${postgresPort}`, `${edge.apps}:${http}`, `${edge.apps}:${https}`]
  const extra = [...swept].filter((one) => !approved.includes(one))
  for (const one of extra) say(`found by the sweep: ${one}`)
  const names = leaks.map(({ what }) => what)
  return {
    values: {
      [SHUT]: leaks.length,
      [OPEN]: missing.length,
      [SWEPT]: extra.length,
      [IPV6]: over.length,
    },
    result: `Of ${tried.length - needed.size} doors ${leaks.length} answered${names.length === 0 ? '' : ` (${names.join(', ')})`}, and ${needed.size - missing.length} of the ${needed.size} that an app needs; a sweep of all ports of the host and the proxy found ${extra.length} that are not approved; over IPv6 ${over.length} of ${ipv6.length} answered.`,
    figures: {
      'doors tried': { value: tried.length + ipv6.length, unit: 'doors' },
      'approved ports that the sweep found': { value: swept.size - extra.length, unit: 'ports' },
    },
  }
}
