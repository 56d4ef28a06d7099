import type { NetworkRuleView } from '#contract/network-api.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { maruOk } from './maru-ok.ts'
import { type Capture, startCapture } from './network/capture.ts'
import { type Tried, tryDoors } from './network/doors.ts'
import { type Inside, instancesOf } from './network/instances.ts'
import { type LiveLine, startEcho, startLiveLine } from './network/live-line.ts'
import { askForNames, type NamesFound } from './network/names.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { parsePacket } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { allowApp } from './network/said.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const BEFORE = 'packets that reached a destination that nobody had declared'
const BESIDE = 'ways beside the declared one that were open'
const CUT = 'time that a connection lived on after its rule was taken back'
const AFTER = 'packets that arrived later than that'
const HEARD = 'questions for names that an app may not ask for and that were answered'
const LEFT = 'packets with such a name that left the host'
const MISSING = 'names that an app may ask for and was refused'
const DOORS = 'doors at the port of names that answered by TCP'
type Names =
  | typeof BEFORE
  | typeof BESIDE
  | typeof CUT
  | typeof AFTER
  | typeof HEARD
  | typeof LEFT
  | typeof MISSING
  | typeof DOORS

const DECLARED = 443
const OTHERS = [80, 4443]
const SOON_S = 15
const WATCH_MS = 3000
const CUT_S = 1

/** An app tries to reach somebody outside: undeclared, declared, and when that is taken back. */
export const appReachesOut: Drill<Names> = {
  name: 'app-reaches-out',
  promises: ['CUS-6', 'NET-2'],
  needs: 'machine',
  programs: { hping3: 'hping3', tcpdump: 'tcpdump' },
  summary: 'Carry something out of an app, with and without a rule, and cut it off while it goes on',
  harmless: false,
  setUp: 'Two apps of its own, and a place outside of the platform that listens and records what arrives.',
  fault:
    'From the network of an instance the place is tried by TCP, UDP and ICMP before anybody has declared it. Then a rule lets that one app reach one port, a connection is used without a pause, and the rule is taken back. Another rule lets the app reach a name: that name, one below it and one that nobody declared are asked for, by this app and by the other one, at the platform’s resolvers, at other name servers and by TCP.',
  measures: {
    [BEFORE]: { unit: 'packets', limit: 0 },
    [BESIDE]: { unit: 'ways', limit: 0 },
    [CUT]: { unit: 's', limit: CUT_S },
    [AFTER]: { unit: 'packets', limit: 0 },
    [HEARD]: { unit: 'questions', limit: 0 },
    [LEFT]: { unit: 'packets', limit: 0 },
    [MISSING]: { unit: 'names', limit: 0 },
    [DOORS]: { unit: 'doors', limit: 0 },
  },
  expectedS: 60,
  begin,
}

interface Found {
  readonly before: number
  readonly beside: readonly Tried[]
  readonly openedS: number
  readonly cutS: number
  readonly after: number
  readonly names: NamesFound
}

function begin(place: DrillPlace): Stages<Names> {
  const [app, other] = [drillApp(place, 'reaches'), drillApp(place, 'other')]
  const outsiders: Outsider[] = []
  const captures: Capture[] = []
  const endings: Array<() => unknown> = []
  let found: Found | undefined
  return {
    setUp: async () => {
      for (const one of [app, other]) await one.deploy()
      await makeOutsiders(1, (one) => outsiders.push(one))
      endings.push((await startEcho(present(outsiders[0]), [DECLARED, ...OTHERS])).end)
    },
    fault: async () => {
      const outside = present(outsiders[0])
      const [own, neighbour] = await Promise.all([firstOf(place, app.name), firstOf(place, other.name)])
      place.mark('fault')
      const reached = await reachOut({ place, app: app.name, own, neighbour, outside, captures, endings })
      const asking = { app: app.name, own, neighbour, outside }
      found = { ...reached, names: await askForNames(place, asking, (one) => captures.push(one)) }
      place.mark('names asked for')
    },
    measure: async () => summarize(place, present(found)),
    cleanUp: () =>
      endAll([
        ...endings,
        ...captures.map((one) => one.stop),
        ...outsiders.map((one) => one.remove),
        app.destroy,
        other.destroy,
      ]),
  }
}

interface Scene {
  readonly place: DrillPlace
  readonly app: string
  readonly own: Inside
  readonly neighbour: Inside
  readonly outside: Outsider
  readonly captures: Capture[]
  readonly endings: Array<() => unknown>
}

/** Tries an address: undeclared, declared, and when that is taken back. */
async function reachOut(scene: Scene): Promise<Omit<Found, 'names'>> {
  const { place, app, own, neighbour, outside, captures, endings } = scene
  const listen = async () => {
    const capture = await startCapture(outside.enter, 'eth0')
    captures.push(capture)
    return capture
  }
  const before = await undeclared(own, outside, await listen())
  place.mark('undeclared destination tried')
  const since = performance.now()
  const rule = await allowApp(place, 'app-reaches-out', app, `${outside.address}:${DECLARED}`)
  const line = startLiveLine(own, outside.address, DECLARED)
  endings.push(line.end)
  const lines = await untilOpen(place, own, outside, line, endings)
  const openedS = (performance.now() - since) / 1000
  place.mark('declared destination answers')
  const ports = OTHERS.map((port) => ({ what: `port ${port}`, host: outside.address, port }))
  const beside = [
    ...(await tryDoors(own, ports)),
    ...(await tryDoors(neighbour, [{ what: 'another app', host: outside.address, port: DECLARED }])),
  ]
  const cut = await takeBack(place, rule, outside, lines, listen)
  return { before, beside, openedS, ...cut }
}

async function firstOf(place: DrillPlace, app: string): Promise<Inside> {
  return present((await instancesOf(place, app))[0])
}

/** Packets that came in; what the place says again because nobody has answered it is its own. */
async function arrivedAt({ address }: Outsider, capture: Capture): Promise<number> {
  const packets = (await capture.frames()).map(({ bytes }) => parsePacket(bytes))
  return packets.filter(({ kind, source }) => kind === 'ip' && source !== address).length
}

const PORT_OF_NAMES = '53'

/** What arrives of all that an instance tries. */
async function undeclared(own: Inside, outside: Outsider, capture: Capture): Promise<number> {
  await tryDoors(
    own,
    [DECLARED, ...OTHERS].map((port) => ({ what: '', host: outside.address, port })),
  )
  const five = ['hping3', '-q', '-c', '5', '-i', 'u10000']
  await own.run([...five, '--udp', '-p', PORT_OF_NAMES, outside.address])
  await own.run([...five, '--icmp', outside.address])
  return await arrivedAt(outside, capture)
}

/** A first packet that was dropped is sent again after seconds: whoever wants to know at once asks anew. */
async function untilOpen(
  { signal }: DrillPlace,
  own: Inside,
  outside: Outsider,
  first: LiveLine,
  endings: Array<() => unknown>,
): Promise<LiveLine> {
  let line = first
  await waitUntil('the declared destination to answer', { timeoutS: SOON_S, signal }, async () => {
    if (line.lastMs() > 0) return true
    await pause(300)
    if (line.lastMs() > 0) return true
    line = startLiveLine(own, outside.address, DECLARED)
    endings.push(line.end)
    return false
  })
  return line
}

async function takeBack(
  place: DrillPlace,
  { id }: NetworkRuleView,
  outside: Outsider,
  line: LiveLine,
  listen: () => Promise<Capture>,
): Promise<Pick<Found, 'cutS' | 'after'>> {
  await maruOk(place, 'network', 'deny', id, '--json')
  const deniedMs = Date.now()
  place.mark('rule taken back')
  await secondsUntil({ timeoutS: SOON_S, signal: place.signal }, () => Date.now() - line.lastMs() > 1000)
  const cutS = Math.max(0, (line.lastMs() - deniedMs) / 1000)
  place.mark('last word came back', { at: new Date(line.lastMs()) })
  const capture = await listen()
  await pause(WATCH_MS, place.signal)
  return { cutS, after: await arrivedAt(outside, capture) }
}

function summarize({ say }: DrillPlace, found: Found): Measured<Names> {
  const { before, beside, openedS, cutS, after, names } = found
  for (const { what, end } of beside) say(`${end}: ${what}`)
  for (const { what, end, server } of [...names.heard, ...names.missing]) say(`${end}: ${what}, at ${server}`)
  for (const { what, host } of names.doors) say(`open: ${what}, at ${host}`)
  const open = beside.filter(({ end }) => end !== 'silent').length
  return {
    values: {
      ...{ [BEFORE]: before, [BESIDE]: open, [CUT]: hundredths(cutS), [AFTER]: after },
      ...{ [HEARD]: names.heard.length, [LEFT]: names.left },
      ...{ [MISSING]: names.missing.length, [DOORS]: names.doors.length },
    } as Record<Names, number>,
    result: `Undeclared, ${before} packets got out; with a rule the app reached one port ${hundredths(openedS)} s after it was asked for, and ${open} of ${beside.length} ways beside it were open; taken back, its connection lived on for ${hundredths(cutS)} s, and ${after} packets arrived later. Of ${names.tried} questions for names that an app may not ask for ${names.heard.length} were answered, and ${names.left} packets with such a name left the host; ${names.missing.length} names that it may ask for were refused.`,
    figures: { 'time until a new rule lets the app through': { value: hundredths(openedS), unit: 's' } },
  }
}
