import { GUARD_LIMITS, type HostEvent } from '#contract/guard.ts'
import { addressesOf, INSTANCE_PORT } from '#contract/installation.ts'
import { knock } from '#runtime/drivers/knock.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import type { Crowd } from './network/crowd.ts'
import { instancesOf } from './network/instances.ts'
import {
  type OperatorsEye,
  openOperatorsEye,
  type Shown,
  secondsAfter,
  untilShown,
} from './network/operators-eye.ts'
import {
  type Arriving,
  type OrdinaryPeople,
  PLACES_OF_PEOPLE,
  welcomePeople,
} from './network/ordinary-people.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { learnedBy } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { blocksOf, checkNotLockedDown, eventsOf, incidentOf, letIn } from './network/said.ts'
import {
  decisiveMs,
  doorsBetweenHosts,
  knownPorts,
  SCANS,
  type Scanner,
  type Seen,
  scan,
  startScanner,
  whatWasSeen,
} from './network/scan.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { secondsUntil } from './wait-until.ts'

const INSIDE = 'ports that rules refuse and that answered somebody outside'
const OPEN = 'open ports that one scanner learned'
const CLOSED = 'closed ports that one scanner learned'
const FREE = 'scanners that were not held'
const HELD = 'time from the decisive packet until the scanner was held'
const SHOWN = 'time from the decisive packet until operators saw the scanner'
const TOLD = 'time until people were told of a search by many senders'
const WRONGLY = 'ordinary visitors that were held'
const FAILED = 'requests of visitors that failed'
type Names =
  | typeof INSIDE
  | typeof OPEN
  | typeof CLOSED
  | typeof FREE
  | typeof HELD
  | typeof SHOWN
  | typeof TOLD
  | typeof WRONGLY
  | typeof FAILED

const TOLD_S = 10
const TOLD_WAIT_S = 30
const SHOWN_WAIT_S = 20

/** Somebody outside searches the host for open ports: fast, slowly, and in the name of others. */
export const portsScannedFromOutside: Drill<Names> = {
  name: 'ports-scanned-from-outside',
  promises: ['NET-8', 'NET-1'],
  needs: 'machine',
  programs: { nmap: 'nmap', tcpdump: 'tcpdump' },
  summary: 'Scan the host from outside, fast, slowly, with decoys and by many, while people visit it',
  harmless: false,
  setUp:
    'Ten places outside of the platform, each with a cable of its own to the host. From six of them people visit an app: an office of 50 behind one address (NAT), somebody with 200 connections, one who loads page after page, somebody at home who also uses four other programs of the host, one of the many senders who search together later, and those in whose name a scanner will speak. Somebody watches what is noticed, as a page of the console does.',
  fault:
    'From the other places nmap scans: all 65,535 ports as fast as it can, 1,000 ports among packets in the name of one of the visitors, one port every three seconds, past the host the addresses of the inside, and the ports at which hosts answer each other. After them 60 senders of 60 networks, a visitor among them, ask for two ports each.',
  measures: {
    [INSIDE]: { unit: 'ports', limit: 0 },
    [OPEN]: { unit: 'ports', limit: 5 },
    [CLOSED]: { unit: 'ports', limit: GUARD_LIMITS.closedPorts },
    [FREE]: { unit: 'scanners', limit: 0 },
    [HELD]: { unit: 'ms', limit: 50 },
    [SHOWN]: { unit: 's', limit: 1 },
    [TOLD]: { unit: 's', limit: TOLD_S },
    [WRONGLY]: { unit: 'visitors', limit: 0 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 80,
  begin,
}

/** Who is where. */
interface Field {
  readonly outsiders: Outsider[]
  readonly arriving: Arriving
  people?: OrdinaryPeople
  readonly scanners: Scanner[]
  eye?: OperatorsEye
  toldS: number
  open: ReadonlySet<number>
  seen: readonly Seen[]
}

const scannersIn = ({ outsiders }: Field) =>
  outsiders.slice(PLACES_OF_PEOPLE) as [Outsider, Outsider, Outsider, Outsider]

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'visited')
  const field: Field = {
    ...{ outsiders: [], arriving: { visitors: [] }, scanners: [] },
    ...{ open: new Set(), seen: [], toldS: 0 },
  }
  const { arriving } = field
  return {
    setUp: async () => {
      await checkNotLockedDown(place)
      await app.deploy()
      await makeOutsiders(PLACES_OF_PEOPLE + 4, (one) => field.outsiders.push(one))
      field.people = await welcomePeople(place, field.outsiders, app.name, arriving)
      field.eye = await openOperatorsEye(place.home)
    },
    fault: () => attack(place, field, app.name),
    measure: () => measure(place, field),
    cleanUp: () =>
      endAll([
        ...arriving.visitors.map((one) => one.stop),
        ...field.scanners.map(({ capture }) => capture.stop),
        () => field.eye?.end(),
        () => arriving.programs?.end(),
        () =>
          letIn(place, [...field.outsiders, ...(arriving.crowd ? [{ address: arriving.crowd.client }] : [])]),
        ...field.outsiders.map((one) => one.remove),
        app.destroy,
      ]),
  }
}

async function attack(place: DrillPlace, field: Field, app: string): Promise<void> {
  const { decoy, crowd } = present(field.people)
  const places = scannersIn(field)
  for (const one of places) field.scanners.push(await startScanner(one))
  const [fast, decoys, slow, past] = places
  field.open = await knownPorts(place.installation, fast.host)
  const inside = await addressesInside(place, app)
  place.mark('fault')
  await Promise.all([
    scan(fast, SCANS.fast, [fast.host]),
    scan(decoys, SCANS.decoys([decoy]), [decoys.host]),
    scan(slow, SCANS.slow, [slow.host]),
    scan(past, SCANS.ports(portsInside(place)), inside),
    ...[...(await doorsBetweenHosts())].map(([address, ports]) => scan(past, SCANS.ports(ports), [address])),
  ])
  place.mark('last scan ended')
  field.toldS = await searchTogether(place, crowd)
  field.seen = await Promise.all(field.scanners.map(whatWasSeen))
}

/** Many search; tells how long it took until people are told of it as one search. */
async function searchTogether(place: DrillPlace, crowd: Crowd): Promise<number> {
  place.mark('many begin to search')
  const since = Date.now()
  const searching = crowd.search()
  const toldS = await secondsUntil(
    { timeoutS: TOLD_WAIT_S, signal: place.signal },
    async () => (await incidentOf(place, { address: 'many' }, 'distributed scan', since)) !== undefined,
  )
  place.mark('people are told of the many')
  await searching
  return toldS
}

/** Addresses that nobody outside has any business with; that one of them answers the host itself is seen first. */
async function addressesInside(place: DrillPlace, app: string): Promise<string[]> {
  const at = addressesOf(place.installation)
  const instances = (await instancesOf(place, app)).map(({ address }) => address)
  const [first = ''] = instances
  if (!(await knock({ host: first, port: INSTANCE_PORT, timeoutMs: 5000 })))
    throw new NothingProven('no instance answers the host itself')
  return [...instances, ...at.postgres, at.etcd[0], at.control.data, at.pgproxy.data, at.pgproxy.apps]
}

function portsInside({ installation }: DrillPlace): number[] {
  const { etcdPorts, postgresPort, patroniPort, controlPort } = addressesOf(installation)
  return [22, etcdPorts.client, etcdPorts.peer, postgresPort, patroniPort, controlPort, INSTANCE_PORT]
}

async function measure(place: DrillPlace, field: Field): Promise<Measured<Names>> {
  const scanners = scannersIn(field)
  const people = present(field.people)
  const learned = scanners.map(({ address }, at) => learnedBy(address, field.seen[at]?.packets ?? []))
  const [past, hosts] = [learned[3], learned.slice(0, 3)]
  const failed = people.failures()
  for (const reason of new Set(failed)) place.say(`failed: ${reason}`)
  const events = await eventsOf(place, 'scan')
  const holds = scanners.slice(0, 3).map(({ address }) => heldAt(events, address))
  for (const [at, name] of ['fast', 'decoy', 'slow'].entries()) {
    const held = holds[at]
    if (held !== undefined) place.mark(`${name} scanner held`, { at: held, source: 'event of the host' })
  }
  const [fast] = scanners
  const decisive = field.seen[0] && decisiveMs(field.seen[0], fast.address, field.open)
  if (decisive === undefined) throw new NothingProven('the fast scan has asked for too few ports')
  const heldMs = Math.max(0, (holds[0]?.getTime() ?? Number.POSITIVE_INFINITY) - decisive)
  const shownS = await shownAfterS(place, present(field.eye), fast, decisive)
  const blocked = await blocksOf(place)
  const wrongly = blocked.filter(({ source }) => people.others.includes(source))
  for (const { source, reason } of wrongly) place.say(`held: the visitor ${source}: ${reason}`)
  const most = (which: 'open' | 'closed') => Math.max(...hosts.map((one) => one[which].size))
  const requests = people.answered() + failed.length
  const free = holds.filter((held) => held === undefined).length
  const values = {
    [INSIDE]: (past?.open.size ?? 0) + (past?.closed.size ?? 0),
    [OPEN]: most('open'),
    [CLOSED]: most('closed'),
    [FREE]: free,
    [HELD]: Number.isFinite(heldMs) ? Math.ceil(heldMs) : 60_000,
    [SHOWN]: hundredths(shownS),
    [TOLD]: hundredths(field.toldS),
    [WRONGLY]: wrongly.length,
    [FAILED]: failed.length,
  }
  return {
    values,
    result: `Of ${hosts.length} scanners ${hosts.length - free} were held, the fast one ${values[HELD]} ms after the decisive packet, and operators saw it after ${values[SHOWN]} s; at most ${values[OPEN]} open and ${values[CLOSED]} closed ports were learned by one, and ${values[INSIDE]} that rules refuse. People were told of ${people.crowd.senders} senders who searched together after ${values[TOLD]} s. Of ${people.others.length} kinds of ordinary visitors ${wrongly.length} were held; of ${requests} requests ${failed.length} failed, also those of a visitor whose address was a decoy and of one of the many.`,
    figures: {
      'requests of visitors': { value: requests, unit: 'requests' },
      'packets of the fast scan': { value: field.seen[0]?.frames.length ?? 0, unit: 'packets' },
    },
  }
}

/** Seconds from a moment until somebody who watches saw the scanner first. */
async function shownAfterS(
  { signal }: DrillPlace,
  eye: OperatorsEye,
  { address }: Outsider,
  sinceMs: number,
): Promise<number> {
  const wait = { timeoutS: SHOWN_WAIT_S, signal }
  const isIt = ({ event: { kind, src_endpoint } }: Shown) => kind === 'scan' && src_endpoint.ip === address
  const shown = await untilShown(eye, wait, isIt)
  return shown === undefined ? SHOWN_WAIT_S : secondsAfter(sinceMs, shown)
}

/** When the host told that it holds somebody. */
function heldAt(events: readonly HostEvent[], address: string): Date | undefined {
  const found = events.find(({ src_endpoint }) => src_endpoint.ip === address)
  return found && new Date(found.start_time)
}
