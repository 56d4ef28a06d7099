import { addressesOf, INSTANCE_PORT } from '#contract/installation.ts'
import { readText } from '#runtime/drivers/files.ts'
import type { Load } from '#runtime/drivers/https-load.ts'
import { startAppLoad } from './app-load.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { killContainer } from './kill-container.ts'
import { maruOk } from './maru-ok.ts'
import { findMembers } from './members-here.ts'
import { type Capture, startCapture } from './network/capture.ts'
import { handMade } from './network/hand-on-rules.ts'
import { type Inside, insideOf, instancesOf } from './network/instances.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { parsePacket, TCP } from './network/packets.ts'
import { endAll } from './network/programs-on-host.ts'
import { allowApp } from './network/said.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const LEAKED = 'denied packets that arrived'
const FAILED = 'requests of visitors that failed'
const MISSING = 'times fewer than 50 that the rules were applied'
type Names = typeof LEAKED | typeof FAILED | typeof MISSING

const TIMES = 50
/** Restarts are the hardest: an agent that knows nothing loads all rules. */
const KILLS = 5
const DENIED = 444
/** Between two opening packets of one sender; of the one at the neighbour, who shares a bridge with it. */
const PAUSE_US = { usual: 5000, fast: 500 } as const
/** Fewer a second are no test: hping3 keeps its pauses as well as a busy machine lets it. */
const LEAST_FAST = 200
const SOON_S = 60
const ALLOWED_MS = 3000

/** The rules are applied again and again, while denied packets are sent without a pause. */
export const rulesReappliedUnderLoad: Drill<Names> = {
  name: 'rules-reapplied-under-load',
  promises: ['NET-1', 'NET-2'],
  needs: 'machine',
  programs: { hping3: 'hping3', tcpdump: 'tcpdump' },
  summary: 'Apply the rules fifty times, and kill the agent, while denied packets are sent',
  harmless: false,
  setUp:
    'An app of its own is visited over TLS. A place outside of the platform, a member of the database pair and an instance of another app record what arrives; that it would arrive outside is seen first, with a rule that lets it through.',
  fault:
    'From the network of an instance hping3 sends opening packets to all three without a pause, some thousand a second to the neighbour, while rules of the app come and go fifty times and the agent is killed five times.',
  measures: {
    [LEAKED]: { unit: 'packets', limit: 0 },
    [FAILED]: { unit: 'requests', limit: 0 },
    [MISSING]: { unit: 'times', limit: 0 },
  },
  expectedS: 180,
  begin,
}

interface Field {
  readonly outsiders: Outsider[]
  readonly captures: Capture[]
  readonly ending: AbortController
  own?: Inside
  /** A member of the database on this host. */
  member?: Inside
  load?: Load
}

/** What became of the packets. */
interface Sent {
  readonly sent: number
  readonly leaked: number
  /** To the neighbour, a second. */
  readonly fast: number
}

function begin(place: DrillPlace): Stages<Names> {
  const [app, neighbour] = [drillApp(place, 'reapplied'), drillApp(place, 'neighbour')]
  const field: Field = { outsiders: [], captures: [], ending: new AbortController() }
  let applied = 0
  let found: Sent | undefined
  return {
    setUp: async () => {
      for (const one of [app, neighbour]) await one.deploy()
      await makeOutsiders(1, (one) => field.outsiders.push(one))
      field.own = present((await instancesOf(place, app.name))[0])
      field.member = await memberHere(place)
      await seeThatItWouldArrive(place, field, app.name)
      const load = await startAppLoad(place, app.name)
      field.load = load
      await waitUntil(
        'visitors to be served',
        { timeoutS: SOON_S, signal: place.signal },
        () => load.seen().requests > 100,
      )
    },
    fault: async () => {
      found = await whileDenied(place, field, neighbour.name, async () => {
        applied = await applyAgain(place, app.name, present(field.outsiders[0]))
      })
    },
    measure: async () => {
      const { requests, failed, failures } = await present(field.load).stop()
      for (const failure of failures) place.say(`failed: ${failure}`)
      return summarize({ applied, ...present(found), requests, failed })
    },
    cleanUp: () =>
      endAll([
        () => field.ending.abort(),
        () => field.load?.stop(),
        ...field.captures.map((one) => one.stop),
        ...field.outsiders.map((one) => one.remove),
        app.destroy,
        neighbour.destroy,
      ]),
  }
}

async function memberHere(place: DrillPlace): Promise<Inside> {
  const [here] = (await findMembers(place)).here
  if (here === undefined) throw new Error('no member of the database is on this host')
  return insideOf(place, `${place.installation.name}-${here}`)
}

/** Sends denied packets to all who listen while something is done; gives what arrived. */
async function whileDenied(
  place: DrillPlace,
  field: Field,
  neighbour: string,
  work: () => Promise<void>,
): Promise<Sent> {
  const [own, outside, member] = [present(field.own), present(field.outsiders[0]), present(field.member)]
  const beside = present((await instancesOf(place, neighbour))[0])
  const ears = [await listen(field, outside), await listen(field, member)]
  const near = await listen(field, beside)
  const mine = await listen(field, own)
  const { postgresPort } = addressesOf(place.installation)
  await goByHost(place, own, beside)
  place.mark('fault')
  const { signal } = field.ending
  const sending = Promise.all([
    knockOn(own, outside.address, DENIED, signal),
    knockOn(own, member.address, postgresPort, signal),
    knockOn(own, beside.address, INSTANCE_PORT, signal, PAUSE_US.fast),
  ])
  // A failure is met where it is waited for.
  sending.catch(() => undefined)
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  field.ending.abort()
  await sending
  place.mark('applied for the last time')
  const counts = await Promise.all(ears.map((one) => countFrom(own, one, outside)))
  const arrived = await packetsOf(near)
  // The counter-proof: the edge, which may, asks there.
  if (arrived.length === 0) throw new NothingProven('nobody at all was heard at the neighbour')
  counts.push(arrived.filter(({ source }) => source === own.address).length)
  const opening = (await packetsOf(mine)).filter(({ flags }) => flags === TCP.syn)
  const fast = Math.round(
    opening.filter(({ destination }) => destination === beside.address).length / seconds,
  )
  if (fast < LEAST_FAST) throw new NothingProven(`only ${fast} packets a second were sent to the neighbour`)
  return { sent: opening.length, leaked: counts.reduce((sum, one) => sum + one, 0), fast }
}

/**
 * Ports of instances are kept apart: what is sent to a neighbour's own card ends in the bridge, whatever the rules say. So the
 * attacker sends by the host, where the rules judge. It is forgotten with the instance.
 */
async function goByHost({ installation }: DrillPlace, own: Inside, { address }: Inside): Promise<void> {
  const { bridge } = addressesOf(installation).networks.apps
  const card = present(await readText(`/sys/class/net/${bridge}/address`)).trim()
  await own.change('neighbour', 'replace', address, 'dev', 'eth0', 'lladdr', card, 'nud', 'permanent')
}

async function listen(field: Field, at: Inside | Outsider): Promise<Capture> {
  const capture = await startCapture(at.enter, 'eth0', ['tcp'])
  field.captures.push(capture)
  return capture
}

/** Sends opening packets, two hundred a second where nothing else is said, until it is told to end. */
async function knockOn(
  { run }: Inside,
  host: string,
  port: number,
  signal: AbortSignal,
  pauseUs: number = PAUSE_US.usual,
): Promise<void> {
  const argv = ['hping3', '-q', '-S', '-i', `u${pauseUs}`, '-p', String(port), host]
  try {
    await run(argv, { signal, timeoutMs: 600_000 })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const packetsOf = async (capture: Capture) => (await capture.frames()).map(({ bytes }) => parsePacket(bytes))

/** What came from the instance: under its own address inside, under the host's outside. */
async function countFrom(own: Inside, capture: Capture, outside: Outsider): Promise<number> {
  return (await packetsOf(capture)).filter(({ source }) => source === own.address || source === outside.host)
    .length
}

/** The counter-proof: what is allowed arrives and is counted. */
async function seeThatItWouldArrive(place: DrillPlace, field: Field, app: string): Promise<void> {
  const [own, outside] = [present(field.own), present(field.outsiders[0])]
  const { id } = await allow(place, app, outside, DENIED)
  const capture = await listen(field, outside)
  const ending = AbortSignal.timeout(ALLOWED_MS)
  await knockOn(own, outside.address, DENIED, ending)
  const count = await countFrom(own, capture, outside)
  await maruOk(place, 'network', 'deny', id, '--json')
  if (count === 0) throw new Error('nothing was counted although it was allowed')
  const isSilent = async () => {
    const ears = await listen(field, outside)
    await knockOn(own, outside.address, DENIED, AbortSignal.timeout(1000))
    return (await countFrom(own, ears, outside)) === 0
  }
  await waitUntil('the rule to be gone', { timeoutS: SOON_S, signal: place.signal }, isSilent)
}

const allow = (place: DrillPlace, app: string, { address }: Outsider, port: number) =>
  allowApp(place, 'rules-reapplied-under-load', app, `${address}:${port}`)

/** Has the rules applied, each time by what changes them, and waits until the kernel shows it. */
async function applyAgain(place: DrillPlace, app: string, outside: Outsider): Promise<number> {
  const rules = present(handMade(place)[0]).shown
  let applied = 0
  const changed = async (work: () => Promise<unknown>) => {
    const before = await rules()
    await work()
    await waitUntil('the rules to be applied', { timeoutS: SOON_S, signal: place.signal }, async () => {
      const now = await rules()
      return now !== '' && now !== before
    })
    applied += 1
    place.show(`Applied ${applied} times`)
  }
  for (let round = 0; round < TIMES / 2; round += 1) {
    let id = ''
    await changed(async () => {
      ;({ id } = await allow(place, app, outside, 1000 + round))
    })
    await changed(() => maruOk(place, 'network', 'deny', id, '--json'))
    if (round % (TIMES / 2 / KILLS) !== 0) continue
    await killContainer(place, 'agent')
    // Root's own way to the control plane leads through the agent.
    const answers = async () => (await place.maru(['network', 'rules', '--json'])).exitCode === 0
    await waitUntil('the agent to be back', { timeoutS: SOON_S, signal: place.signal }, answers)
  }
  return applied
}

interface Counts extends Sent {
  readonly applied: number
  readonly requests: number
  readonly failed: number
}

function summarize({ applied, sent, leaked, fast, requests, failed }: Counts): Measured<Names> {
  return {
    values: { [LEAKED]: leaked, [FAILED]: failed, [MISSING]: Math.max(0, TIMES - applied) },
    result: `The rules were applied ${applied} times and the agent was killed ${KILLS} times: of ${sent} denied packets ${leaked} arrived, also of those to a neighbour, ${fast} a second, and of ${requests} requests of visitors ${failed} failed.`,
    figures: {
      'denied packets': { value: sent, unit: 'packets' },
      'denied packets to the neighbour': { value: fast, unit: '1/s' },
      'requests of visitors': { value: requests, unit: 'requests' },
    },
  }
}
