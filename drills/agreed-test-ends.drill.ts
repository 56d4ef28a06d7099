import { Engagement } from '#contract/guard.ts'
import { guardTableOf } from '#platform/guard/host.ts'
import { loadHostIdentity } from '#platform/hosts/index.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { hundredths } from './hundredths.ts'
import { maruOk } from './maru-ok.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { learnedBy } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { blocksOf, checkNotLockedDown, eventsOf, hostsOf, letIn } from './network/said.ts'
import { SCANS, type Scanner, scan, startScanner, whatWasSeen } from './network/scan.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const HELD = 'agreed testers that were held inside their time'
const UNRECORDED = 'agreed scans that were not recorded'
const FREE = 'scans after the end that were not held'
const OVERTIME = 'time beyond its end that the host took the test for agreed'
const OTHERS = 'scanners beside the agreed one that were not held'
const ASTRAY = 'scanners agreed for another host or time that were not held'
type Names = typeof HELD | typeof UNRECORDED | typeof FREE | typeof OVERTIME | typeof OTHERS | typeof ASTRAY

/** Enough for a source that nobody has agreed on to be held many times over. */
const PORTS = Array.from({ length: 60 }, (_, at) => at + 1)
const SOON_S = 60
/** The agreed time: long enough for both scans, and nobody ends it. */
const AGREED = '1m'
/** A test that begins later than this drill ends. */
const LATER_MS = 3_600_000

/** A penetration test that was agreed on, inside of its time and after it. */
export const agreedTestEnds: Drill<Names> = {
  name: 'agreed-test-ends',
  promises: ['ASR-3', 'NET-8'],
  needs: 'machine',
  programs: { nmap: 'nmap', tcpdump: 'tcpdump' },
  summary: 'Scan the host inside the time of an agreed test, and after that is over',
  harmless: false,
  setUp:
    'Three places outside of the platform; a test from one of them is agreed on for a minute, and one from another, but of another host, or where there is only one, for an hour later.',
  fault:
    'From all three nmap asks for 60 closed ports of the host. When the minute is over by itself, the one that was agreed on asks again.',
  measures: {
    [HELD]: { unit: 'testers', limit: 0 },
    [UNRECORDED]: { unit: 'scans', limit: 0 },
    [FREE]: { unit: 'scans', limit: 0 },
    [OVERTIME]: { unit: 's', limit: 5 },
    [OTHERS]: { unit: 'scanners', limit: 0 },
    [ASTRAY]: { unit: 'scanners', limit: 0 },
  },
  expectedS: 90,
  begin,
}

interface Found {
  readonly heldInside: boolean
  readonly recorded: boolean
  readonly learnedInside: number
  readonly overtimeS: number
  readonly heldAfterS: number
  readonly otherHeld: boolean
  readonly astrayHeld: boolean
}

type Places = [tester: Outsider, other: Outsider, astray: Outsider]

function begin(place: DrillPlace): Stages<Names> {
  const outsiders: Outsider[] = []
  const scanners: Scanner[] = []
  const agreed: Engagement[] = []
  let found: Found | undefined
  return {
    setUp: async () => {
      await checkNotLockedDown(place)
      await makeOutsiders(3, (one) => outsiders.push(one))
      const [tester, , astray] = outsiders as Places
      agreed.push(await agree(place, astray, ...(await notHereNow(place))))
      agreed.push(await agree(place, tester))
      await knownAs(place, tester.address, true)
    },
    fault: async () => {
      const [tester, other, astray] = outsiders as Places
      const until = Date.parse(present(agreed.at(-1)).until)
      scanners.push(await startScanner(tester))
      place.mark('fault')
      for (const one of [tester, other, astray]) await scan(one, SCANS.ports(PORTS), [one.host])
      if (Date.now() >= until) throw new NothingProven('the agreed time was over before the scans were')
      place.mark('all have scanned')
      const inside = await lookAt(place, tester, [other, astray])
      const { open, closed } = learnedBy(tester.address, (await whatWasSeen(present(scanners[0]))).packets)
      await knownAs(place, tester.address, false)
      const overtimeS = Math.max(0, (Date.now() - until) / 1000)
      place.mark('its time is over')
      await scan(tester, SCANS.ports(PORTS.map((port) => port + PORTS.length)), [tester.host])
      const heldAfterS = await secondsUntil({ timeoutS: SOON_S, signal: place.signal }, () =>
        isHeld(place, tester),
      )
      if (heldAfterS < SOON_S) place.mark('tester held')
      found = { ...inside, learnedInside: open.size + closed.size, overtimeS, heldAfterS }
    },
    measure: async () => summarize(present(found)),
    cleanUp: () =>
      endAll([
        ...agreed.map((one) => () => endEarly(place, one)),
        ...scanners.map(({ capture }) => capture.stop),
        () => letIn(place, outsiders),
        ...outsiders.map((one) => one.remove),
      ]),
  }
}

/** Agrees on a test from a place. */
async function agree(place: DrillPlace, { address }: Outsider, ...more: string[]): Promise<Engagement> {
  const test = ['--reference', 'drill agreed-test-ends', '--for', AGREED, ...more, '--json']
  const { stdout } = await maruOk(place, 'network', 'engagement', 'add', address, ...test)
  return Engagement.parse(JSON.parse(stdout))
}

/** What makes an agreement one of another host; where there is no other, of another time. */
async function notHereNow(place: DrillPlace): Promise<string[]> {
  const here = await loadHostIdentity(place.home)
  const other = (await hostsOf(place)).find(({ name }) => name !== here?.name)
  return other === undefined
    ? ['--from', new Date(Date.now() + LATER_MS).toISOString()]
    : ['--host', other.name]
}

/** A drill that was broken off leaves no test that is agreed on. */
async function endEarly(place: DrillPlace, { id, until }: Engagement): Promise<void> {
  if (Date.parse(until) > Date.now()) await maruOk(place, 'network', 'engagement', 'end', id, '--json')
}

/** Waits until the host's own rules know a source as one whose test was agreed on, or do not any more. */
async function knownAs(
  { installation, signal }: DrillPlace,
  address: string,
  agreed: boolean,
): Promise<void> {
  // It goes on until its minute is over.
  const wait = { timeoutS: 2 * SOON_S, signal }
  await waitUntil(`the host to know ${agreed ? 'of the test' : 'its end'}`, wait, async () => {
    const engaged = await makeNft().members('inet', guardTableOf(installation), ['engaged4'])
    return engaged.includes(address) === agreed
  })
}

const isHeld = async (place: DrillPlace, { address }: Outsider) =>
  (await blocksOf(place)).some(({ source }) => source === address)

/** What the platform knows of all, once it has told of those whom nobody agreed on. */
async function lookAt(
  place: DrillPlace,
  tester: Outsider,
  [other, astray]: readonly [Outsider, Outsider],
): Promise<Pick<Found, 'heldInside' | 'recorded' | 'otherHeld' | 'astrayHeld'>> {
  const wait = { timeoutS: SOON_S, signal: place.signal }
  const recorded = async () =>
    (await eventsOf(place, 'engagement')).some(({ src_endpoint }) => src_endpoint.ip === tester.address)
  const bothHeld = async () => (await isHeld(place, other)) && (await isHeld(place, astray))
  await waitUntil('the others to be held', wait, bothHeld).catch(() => undefined)
  await waitUntil('the scan to be recorded', wait, recorded).catch(() => undefined)
  return {
    heldInside: await isHeld(place, tester),
    recorded: await recorded(),
    otherHeld: await isHeld(place, other),
    astrayHeld: await isHeld(place, astray),
  }
}

function summarize(found: Found): Measured<Names> {
  const { heldInside, recorded, learnedInside, overtimeS, heldAfterS, otherHeld, astrayHeld } = found
  const free = heldAfterS >= SOON_S
  return {
    values: {
      [HELD]: Number(heldInside),
      [UNRECORDED]: Number(!recorded),
      [FREE]: Number(free),
      [OVERTIME]: hundredths(overtimeS),
      [OTHERS]: Number(!otherHeld),
      [ASTRAY]: Number(!astrayHeld),
    },
    result: `Inside its time the agreed test was ${heldInside ? 'held' : 'not held'} and ${recorded ? 'recorded' : 'not recorded'}, and learned ${learnedInside} of ${PORTS.length} ports, while another scanner was ${otherHeld ? 'held' : 'not held'}, and one who was agreed for another host or time ${astrayHeld ? 'held' : 'not held'}; it ended by itself ${hundredths(overtimeS)} s after its time, and was then ${free ? 'not held' : 'held'}.`,
    figures: {
      'ports learned inside the time': { value: learnedInside, unit: 'ports' },
      'time until people saw that it is held': { value: hundredths(heldAfterS), unit: 's' },
    },
  }
}
