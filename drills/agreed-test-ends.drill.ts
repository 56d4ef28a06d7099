import { Engagement } from '#contract/guard.ts'
import { guardTableOf } from '#platform/guard/host.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { hundredths } from './hundredths.ts'
import { maruOk } from './maru-ok.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { learnedBy } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { blocksOf, eventsOf, letIn } from './network/said.ts'
import { SCANS, type Scanner, scan, startScanner, whatWasSeen } from './network/scan.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const HELD = 'agreed testers that were held inside their time'
const UNRECORDED = 'agreed scans that were not recorded'
const FREE = 'scans after the end that were not held'
const OTHERS = 'scanners beside the agreed one that were not held'
type Names = typeof HELD | typeof UNRECORDED | typeof FREE | typeof OTHERS

/** Enough for a source that nobody has agreed on to be held many times over. */
const PORTS = Array.from({ length: 60 }, (_, at) => at + 1)
const SOON_S = 60

/** A penetration test that was agreed on, inside of its time and after it. */
export const agreedTestEnds: Drill<Names> = {
  name: 'agreed-test-ends',
  promises: ['ASR-3', 'NET-8'],
  needs: 'machine',
  programs: { nmap: 'nmap', tcpdump: 'tcpdump' },
  summary: 'Scan the host inside the time of an agreed test, and after it has ended',
  harmless: false,
  setUp: 'Two places outside of the platform; a test from one of them is agreed on.',
  fault:
    'From both nmap asks for 60 closed ports of the host. Then the test is ended, and the one that was agreed on asks again.',
  measures: {
    [HELD]: { unit: 'testers', limit: 0 },
    [UNRECORDED]: { unit: 'scans', limit: 0 },
    [FREE]: { unit: 'scans', limit: 0 },
    [OTHERS]: { unit: 'scanners', limit: 0 },
  },
  expectedS: 45,
  begin,
}

interface Found {
  readonly heldInside: boolean
  readonly recorded: boolean
  readonly learnedInside: number
  readonly heldAfterS: number
  readonly otherHeld: boolean
}

function begin(place: DrillPlace): Stages<Names> {
  const outsiders: Outsider[] = []
  const scanners: Scanner[] = []
  let agreed: Engagement | undefined
  let found: Found | undefined
  const end = async () => {
    if (agreed !== undefined) await maruOk(place, 'network', 'engagement', 'end', agreed.id, '--json')
    agreed = undefined
  }
  return {
    setUp: async () => {
      await makeOutsiders(2, (one) => outsiders.push(one))
      const { address } = present(outsiders[0])
      const test = ['--reference', 'drill agreed-test-ends', '--for', '15m', '--json']
      const { stdout } = await maruOk(place, 'network', 'engagement', 'add', address, ...test)
      agreed = Engagement.parse(JSON.parse(stdout))
      await knownAs(place, address, true)
    },
    fault: async () => {
      const [tester, other] = outsiders as [Outsider, Outsider]
      scanners.push(await startScanner(tester))
      place.mark('fault')
      for (const one of [tester, other]) await scan(one, SCANS.ports(PORTS), [one.host])
      place.mark('both have scanned')
      const inside = await lookAt(place, tester, other)
      const { open, closed } = learnedBy(tester.address, (await whatWasSeen(present(scanners[0]))).packets)
      await end()
      place.mark('test ended')
      await knownAs(place, tester.address, false)
      await scan(tester, SCANS.ports(PORTS.map((port) => port + PORTS.length)), [tester.host])
      const heldAfterS = await secondsUntil({ timeoutS: SOON_S, signal: place.signal }, () =>
        isHeld(place, tester),
      )
      if (heldAfterS < SOON_S) place.mark('tester held')
      found = { ...inside, learnedInside: open.size + closed.size, heldAfterS }
    },
    measure: async () => summarize(present(found)),
    cleanUp: () =>
      endAll([
        end,
        ...scanners.map(({ capture }) => capture.stop),
        () => letIn(place, outsiders),
        ...outsiders.map((one) => one.remove),
      ]),
  }
}

/** Waits until the host's own rules know a source as one whose test was agreed on, or do not any more. */
async function knownAs(
  { installation, signal }: DrillPlace,
  address: string,
  agreed: boolean,
): Promise<void> {
  const wait = { timeoutS: SOON_S, signal }
  await waitUntil(`the host to know ${agreed ? 'of the test' : 'its end'}`, wait, async () => {
    const engaged = await makeNft().members('inet', guardTableOf(installation), ['engaged4'])
    return engaged.includes(address) === agreed
  })
}

const isHeld = async (place: DrillPlace, { address }: Outsider) =>
  (await blocksOf(place)).some(({ source }) => source === address)

/** What the platform knows of both, once it has told of the one that nobody agreed on. */
async function lookAt(
  place: DrillPlace,
  tester: Outsider,
  other: Outsider,
): Promise<Pick<Found, 'heldInside' | 'recorded' | 'otherHeld'>> {
  const wait = { timeoutS: SOON_S, signal: place.signal }
  const recorded = async () =>
    (await eventsOf(place, 'engagement')).some(({ src_endpoint }) => src_endpoint.ip === tester.address)
  await waitUntil('the other to be held', wait, () => isHeld(place, other)).catch(() => undefined)
  await waitUntil('the scan to be recorded', wait, recorded).catch(() => undefined)
  return {
    heldInside: await isHeld(place, tester),
    recorded: await recorded(),
    otherHeld: await isHeld(place, other),
  }
}

function summarize(found: Found): Measured<Names> {
  const { heldInside, recorded, learnedInside, heldAfterS, otherHeld } = found
  const free = heldAfterS >= SOON_S
  return {
    values: {
      [HELD]: Number(heldInside),
      [UNRECORDED]: Number(!recorded),
      [FREE]: Number(free),
      [OTHERS]: Number(!otherHeld),
    },
    result: `Inside its time the agreed test was ${heldInside ? 'held' : 'not held'} and ${recorded ? 'recorded' : 'not recorded'}, and learned ${learnedInside} of ${PORTS.length} ports, while another scanner was ${otherHeld ? 'held' : 'not held'}; after its end it was ${free ? 'not held' : 'held'}.`,
    figures: {
      'ports learned inside the time': { value: learnedInside, unit: 'ports' },
      'time until people saw that it is held': { value: hundredths(heldAfterS), unit: 's' },
    },
  }
}
