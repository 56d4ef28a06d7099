import { addressesOf } from '#contract/installation.ts'
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
    'An app of its own is visited over TLS. A place outside of the platform and a member of the database pair record what arrives; that they would record it is seen first, with a rule that lets it through.',
  fault:
    'From the network of an instance hping3 sends opening packets to both without a pause, while rules of the app come and go fifty times and the agent is killed five times.',
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
  load?: Load
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'reapplied')
  const field: Field = { outsiders: [], captures: [], ending: new AbortController() }
  let [applied, sent, leaked] = [0, 0, Number.NaN]
  return {
    setUp: async () => {
      await app.deploy()
      await makeOutsiders(1, (one) => field.outsiders.push(one))
      field.own = present((await instancesOf(place, app.name))[0])
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
      const own = present(field.own)
      const outside = present(field.outsiders[0])
      const [here] = (await findMembers(place)).here
      if (here === undefined) throw new Error('no member of the database is on this host')
      const member = await insideOf(place, `${place.installation.name}-${here}`)
      const ears = [await listen(field, outside), await listen(field, member)]
      const mine = await listen(field, own)
      const { postgresPort } = addressesOf(place.installation)
      place.mark('fault')
      const sending = Promise.all([
        knockOn(own, outside.address, DENIED, field.ending.signal),
        knockOn(own, member.address, postgresPort, field.ending.signal),
      ])
      // A failure is met where it is waited for.
      sending.catch(() => undefined)
      applied = await applyAgain(place, app.name, outside)
      field.ending.abort()
      await sending
      place.mark('applied for the last time')
      const counts = await Promise.all(ears.map((one) => countFrom(own, one, outside)))
      leaked = counts.reduce((sum, one) => sum + one, 0)
      sent = (await mine.frames()).filter(({ bytes }) => parsePacket(bytes).flags === TCP.syn).length
    },
    measure: async () => {
      const { requests, failed, failures } = await present(field.load).stop()
      for (const failure of failures) place.say(`failed: ${failure}`)
      return summarize({ applied, sent, leaked, requests, failed })
    },
    cleanUp: () =>
      endAll([
        () => field.ending.abort(),
        () => field.load?.stop(),
        ...field.captures.map((one) => one.stop),
        ...field.outsiders.map((one) => one.remove),
        app.destroy,
      ]),
  }
}

async function listen(field: Field, at: Inside | Outsider): Promise<Capture> {
  const capture = await startCapture(at.enter, 'eth0', ['tcp'])
  field.captures.push(capture)
  return capture
}

/** Sends opening packets, two hundred a second, until it is told to end. */
async function knockOn({ run }: Inside, host: string, port: number, signal: AbortSignal): Promise<void> {
  const argv = ['hping3', '-q', '-S', '-i', 'u5000', '-p', String(port), host]
  try {
    await run(argv, { signal, timeoutMs: 600_000 })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** What came from the instance: under its own address inside, under the host's outside. */
async function countFrom(own: Inside, capture: Capture, outside: Outsider): Promise<number> {
  const packets = (await capture.frames()).map(({ bytes }) => parsePacket(bytes))
  return packets.filter(({ source }) => source === own.address || source === outside.host).length
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

interface Counts {
  readonly applied: number
  readonly sent: number
  readonly leaked: number
  readonly requests: number
  readonly failed: number
}

function summarize({ applied, sent, leaked, requests, failed }: Counts): Measured<Names> {
  return {
    values: { [LEAKED]: leaked, [FAILED]: failed, [MISSING]: Math.max(0, TIMES - applied) },
    result: `The rules were applied ${applied} times and the agent was killed ${KILLS} times: of ${sent} denied packets ${leaked} arrived, and of ${requests} requests of visitors ${failed} failed.`,
    figures: {
      'denied packets': { value: sent, unit: 'packets' },
      'requests of visitors': { value: requests, unit: 'requests' },
    },
  }
}
