import { randomBytes } from 'node:crypto'
import type { HostEvent } from '#contract/guard.ts'
import { addressesOf } from '#contract/installation.ts'
import { readText } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { maruOk } from './maru-ok.ts'
import { type Capture, type Frame, startCapture } from './network/capture.ts'
import { type Forgery, forgeries, marked, type Roles } from './network/forgeries.ts'
import { ICMP6, icmp6TypeOf } from './network/frames6.ts'
import { type Inside, instancesOf } from './network/instances.ts'
import { portsOf, setIpv6 } from './network/ipv6.ts'
import { type OperatorsEye, openOperatorsEye, secondsAfter } from './network/operators-eye.ts'
import { parsePacket } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { eventsOf, hostsOf } from './network/said.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const DELIVERED = 'forged frames that got past the port of the instance'
const UNTOLD = 'kinds of forgery that nobody was told of'
const TOLD = 'longest time until the host told of a forgery'
const SHOWN = 'longest time until operators saw a forgery'
const BELIEVED = "neighbours that the host looks for behind the attacker's port"
type Names = typeof DELIVERED | typeof UNTOLD | typeof TOLD | typeof SHOWN | typeof BELIEVED

const HONEST = '5'
const MANY = '500'
const SOON_S = 15
/** So that the kernel's log has room for what comes next. */
const BETWEEN_MS = 1500

/** An instance sends as others: addresses, cards, neighbours. */
export const framesForgedByInstance: Drill<Names> = {
  name: 'frames-forged-by-instance',
  promises: ['NET-5'],
  needs: 'machine',
  programs: {
    ...{ hping3: 'hping3', arpspoof: 'dsniff', ndptool: 'libndp-tools', tcpdump: 'tcpdump' },
    python3: 'python3',
  },
  summary: "Send from an instance's network as somebody else: address, card, neighbour messages",
  harmless: false,
  setUp:
    'Two apps of its own. The drill stands in the network of an instance of one, as its root, and listens at every other port of the bridge and at the host’s own. Somebody watches what is noticed, as a page of the console does.',
  fault:
    'With hping3, arpspoof and ndptool it sends as a neighbour, as an address of the internet, with a neighbour’s hardware address, as a neighbour in answers to "who has this address", as a neighbour of IPv6, as a router of IPv6 that brings a network, and as one that knows a better way; then 500 forged packets at once.',
  measures: {
    [DELIVERED]: { unit: 'frames', limit: 0 },
    [UNTOLD]: { unit: 'kinds', limit: 0 },
    [TOLD]: { unit: 'ms', limit: 100 },
    [SHOWN]: { unit: 's', limit: 1 },
    [BELIEVED]: { unit: 'neighbours', limit: 0 },
  },
  expectedS: 55,
  begin,
}

interface Ears {
  /** At the attacker's own card: what was sent, and when. */
  readonly own: Capture
  /** Behind the port: what was delivered to anybody. */
  readonly others: readonly Capture[]
}

interface Found {
  readonly sent: readonly Frame[]
  readonly delivered: readonly Frame[]
  readonly kinds: readonly Forgery[]
}

function begin(place: DrillPlace): Stages<Names> {
  const [attacker, victim] = [drillApp(place, 'forger'), drillApp(place, 'neighbour')]
  const captures: Capture[] = []
  let roles: Roles | undefined
  let eye: OperatorsEye | undefined
  let found: Found | undefined
  return {
    setUp: async () => {
      for (const app of [attacker, victim]) await app.deploy()
      await bringTwoHere(place, victim.name)
      roles = await rolesOf(place, attacker.name, victim.name)
      eye = await openOperatorsEye(place.home)
    },
    fault: async () => {
      const who = present(roles)
      const ears = await listen(place, who.own, captures)
      const kinds = forgeries(who)
      await who.own.run(marked(`${who.canary}-honest`, who.gateway.address, HONEST))
      place.mark('fault')
      for (const { what, forge } of kinds) {
        await forge()
        place.mark(`forged: ${what}`.slice(0, 60))
        await pause(BETWEEN_MS, place.signal)
      }
      await who.own.run(marked(who.canary, who.gateway.address, MANY, '-a', who.victims[0].address))
      const heard = (await Promise.all(ears.others.map((one) => one.frames()))).flat()
      found = { kinds, sent: await ears.own.frames(), delivered: heard }
    },
    measure: () => measure(place, present(roles), present(eye), present(found)),
    cleanUp: () =>
      endAll([
        ...captures.map((one) => one.stop),
        () => eye?.end(),
        () => roles && setIpv6(roles.own, false),
        attacker.destroy,
        victim.destroy,
      ]),
  }
}

/** Both victims have to be on the attacker's bridge: where an app's instances are on several hosts, each host gets two. */
async function bringTwoHere(place: DrillPlace, app: string): Promise<void> {
  if ((await instancesOf(place, app)).length >= 2) return
  const wanted = 2 * (await hostsOf(place)).filter(({ role }) => role === 'full').length
  await maruOk(place, 'scale', `web=${wanted}`, '--app', app)
}

async function rolesOf(place: DrillPlace, attacker: string, victim: string): Promise<Roles> {
  const { bridge, gateway } = addressesOf(place.installation).networks.apps
  const card = (await readText(`/sys/class/net/${bridge}/address`))?.trim()
  const [own] = await instancesOf(place, attacker)
  const [first, second] = await instancesOf(place, victim)
  return {
    app: attacker,
    own: present(own),
    victims: [present(first), present(second)],
    gateway: { address: gateway, card: present(card) },
    canary: `forged-${randomBytes(8).toString('hex')}`,
  }
}

/** Listens at the attacker's card, at the bridge itself and at all its other ports. */
async function listen(place: DrillPlace, own: Inside, captures: Capture[]): Promise<Ears> {
  const { bridge } = addressesOf(place.installation).networks.apps
  const here = (argv: readonly string[]) => argv as [string, ...string[]]
  const links = [bridge, ...(await portsOf(bridge)).filter((link) => link !== own.link)]
  const others: Capture[] = []
  for (const link of links) {
    const capture = await startCapture(here, link)
    others.push(capture)
    captures.push(capture)
  }
  const mine = await startCapture(own.enter, 'eth0')
  captures.push(mine)
  return { own: mine, others }
}

/** The frames of a kind among others. */
function framesOf(
  { shape, claims, message }: Forgery,
  { own, victims, canary }: Roles,
  frames: readonly Frame[],
): Frame[] {
  return frames.filter(({ bytes }) => {
    const { kind, card, source } = parsePacket(bytes)
    if (shape === 'canary') return bytes.includes(canary) && !bytes.includes('-honest') && source === claims
    if (card !== own.card || kind !== shape) return false
    return shape === 'ip6' ? isOfKind(message, icmp6TypeOf(bytes)) : source === victims[1].address
  })
}

/** A network that has IPv6 says more by itself; that does not get past the port either. */
const isOfKind = (wanted: number | undefined, found: number | undefined) =>
  wanted === found || (wanted === ICMP6.neighbour && found !== ICMP6.router && found !== ICMP6.redirect)

/** Of what a network says by itself nobody is told. */
const isJudged = ({ message }: Forgery, { bytes }: Frame) =>
  message === undefined || icmp6TypeOf(bytes) === message

/** How long until the host and operators were told of each kind; `undefined`: nobody was. */
interface Told {
  readonly afterMs: number | undefined
  readonly shownS: number | undefined
}

async function measure(
  place: DrillPlace,
  roles: Roles,
  eye: OperatorsEye,
  found: Found,
): Promise<Measured<Names>> {
  const { kinds, sent, delivered } = found
  const honest = delivered.filter(({ bytes }) => bytes.includes(`${roles.canary}-honest`)).length
  if (honest < Number(HONEST)) throw new NothingProven(`of ${HONEST} honest packets ${honest} were seen`)
  const told = await whenTold(place, roles, eye, found)
  const heard = told.flatMap(({ afterMs }) => afterMs ?? [])
  const seen = told.flatMap(({ shownS }) => shownS ?? [])
  const passed = kinds.flatMap((kind) => framesOf(kind, roles, delivered))
  const believed = await countBelieved(place, roles)
  const values = {
    [DELIVERED]: passed.length,
    [UNTOLD]: told.length - heard.length,
    [TOLD]: Math.max(0, ...heard),
    [SHOWN]: hundredths(seen.length < told.length ? SOON_S : Math.max(...seen)),
    [BELIEVED]: believed,
  }
  const count = kinds.reduce((sum, kind) => sum + framesOf(kind, roles, sent).length, 0)
  return {
    values,
    result: `Of ${count} forged frames of ${kinds.length} kinds ${passed.length} got past the port, while honest ones did; ${heard.length} kinds were told of, after ${values[TOLD]} ms at most, and operators saw each after ${values[SHOWN]} s at most; the host looks for ${believed} neighbours behind the attacker's port.`,
    figures: { 'forged frames': { value: count, unit: 'frames' } },
  }
}

async function whenTold(
  place: DrillPlace,
  roles: Roles,
  eye: OperatorsEye,
  { kinds, sent }: Found,
): Promise<Told[]> {
  const eventOf = (events: readonly HostEvent[], { claims, shape }: Forgery) =>
    events.findLast(({ app, src_endpoint, start_time, protocol_name }) => {
      const young = Date.parse(start_time) >= (sent[0]?.atMs ?? 0)
      const isArp = (protocol_name === 'arp') === (shape === 'arp')
      const { ip } = src_endpoint
      // Another kind may say exactly as whom it speaks.
      const isOthers = ip !== claims && kinds.some((kind) => kind.claims === ip)
      return young && isArp && app === roles.app && ip.startsWith(claims) && !isOthers
    })
  let events: HostEvent[] = []
  const wait = { timeoutS: SOON_S, signal: place.signal }
  await waitUntil('the host to tell of anything', wait, async () => {
    events = await eventsOf(place, 'spoofing')
    return kinds.every((kind) => eventOf(events, kind) !== undefined)
  }).catch(() => undefined)
  return kinds.map((kind) => {
    const first = framesOf(kind, roles, sent).find((frame) => isJudged(kind, frame))?.atMs
    if (first === undefined) throw new NothingProven(`nothing was sent as ${kind.what}`)
    const event = eventOf(events, kind)
    const shown = eye.all().find((one) => one.event.uid === event?.uid && one.event.host === event.host)
    const afterMs = event && Math.max(0, Math.ceil(Date.parse(event.start_time) - first))
    const shownS = shown && secondsAfter(first, shown)
    const seen =
      shownS === undefined ? 'operators did not see it' : `operators saw it after ${hundredths(shownS)} s`
    place.say(
      `${kind.what}: ${afterMs === undefined ? 'nobody was told' : `told after ${afterMs} ms, ${seen}`}`,
    )
    return { afterMs, shownS }
  })
}

/** Whether the host has taken the attacker's word for where others are. */
async function countBelieved({ installation }: DrillPlace, { own, victims }: Roles): Promise<number> {
  const { bridge } = addressesOf(installation).networks.apps
  const [table, cards] = await Promise.all([
    run(['ip', 'neighbour', 'show', 'dev', bridge]),
    run(['bridge', 'fdb', 'show', 'dev', own.link]),
  ])
  const lines = table.stdout.split('\n')
  return victims.filter(
    ({ address, card }) =>
      lines.some((line) => line.startsWith(`${address} `) && line.includes(own.card)) ||
      cards.stdout.includes(card),
  ).length
}
