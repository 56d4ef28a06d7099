import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { type Curl, curlAt } from './network/curl.ts'
import { BREAK_IN, KNOWN_ATTACKS, type KnownAttack, ordinaryUse, type Sent } from './network/known-attacks.ts'
import { type OperatorsEye, openOperatorsEye, type Shown, untilShown } from './network/operators-eye.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { incidentOf } from './network/said.ts'
import { startVisitors, type Visitors } from './network/visitors.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const UNTOLD = 'known attacks that nobody was told of'
const TOLD = 'longest time from an attack’s beginning until operators saw it'
const LOOSE = 'attackers of whom no incident tells'
const WRONGLY = 'events about ordinary visitors'
const FAILED = 'requests of ordinary visitors that failed'
type Names = typeof UNTOLD | typeof TOLD | typeof LOOSE | typeof WRONGLY | typeof FAILED

/** An app that takes whatever is sent to it. */
const SOURCE = join(import.meta.dirname, 'mailbox-app')
const ATTACKS = [...KNOWN_ATTACKS, BREAK_IN]
/** Page loads of ordinary visitors that there have to be at least. */
const PAGES = 200
const UPLOAD_BYTES = 300_000
const READY_S = 60
const SOON_S = 10

/** Somebody outside tries what is tried everywhere, while people use the app. */
export const knownAttacksSeen: Drill<Names> = {
  name: 'known-attacks-seen',
  promises: ['NET-3'],
  needs: 'machine',
  programs: { curl: 'curl' },
  summary: 'Send known attacks to an app while people use it, and see that operators are told of each',
  harmless: false,
  setUp:
    'An app of its own that takes whatever is sent to it, and two places outside of the platform. From one of them people use the app over TLS. Somebody watches what is noticed, as a page of the console does.',
  fault: `From the other place curl sends ${KNOWN_ATTACKS.length} kinds of known attacks to the app one after the other, by HTTP/2 and HTTP/1.1 in turns: injected SQL, paths out of the folder, Log4Shell, Shellshock and others. When the people have gone the app answers one more request with a list of users, as one does that was broken into.`,
  measures: {
    [UNTOLD]: { unit: 'attacks', limit: 0 },
    [TOLD]: { unit: 's', limit: 1 },
    [LOOSE]: { unit: 'attackers', limit: 0 },
    [WRONGLY]: { unit: 'events', limit: 0 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 60,
  begin,
}

interface Scene {
  readonly app: string
  readonly outsiders: Outsider[]
  /** How long until each attack was seen; `undefined`: it was not. */
  readonly tookS: Array<number | undefined>
  readonly failures: string[]
  used: number
  /** Milliseconds. */
  begunAt: number
  visitors?: Visitors
  eye?: OperatorsEye
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'attacked', SOURCE)
  const scene: Scene = { app: app.name, outsiders: [], tookS: [], failures: [], used: 0, begunAt: 0 }
  return {
    setUp: async () => {
      await app.deploy()
      await makeOutsiders(2, (one) => scene.outsiders.push(one))
      await welcome(place, scene)
    },
    fault: async () => {
      scene.begunAt = Date.now()
      place.mark('fault')
      await Promise.all([attackInTurn(place, scene), useAsPeopleDo(place, scene)])
      await present(scene.visitors).stop()
      place.mark('people have gone')
      // What the detector read before this one is told of before it.
      await attack(place, scene, BREAK_IN, '--http1.1')
    },
    measure: () => measure(place, scene),
    cleanUp: () =>
      endAll([
        () => scene.visitors?.stop(),
        () => scene.eye?.end(),
        ...scene.outsiders.map((one) => one.remove),
        app.destroy,
      ]),
  }
}

/** Lets people visit, and somebody watch. */
async function welcome(place: DrillPlace, scene: Scene): Promise<void> {
  const shape = { shape: { kept: 4, fresh: 2 }, restMs: 100 }
  const visitors = startVisitors(place, present(scene.outsiders[1]), scene.app, shape)
  scene.visitors = visitors
  await waitUntil(
    'visitors to be served',
    { timeoutS: READY_S, signal: place.signal },
    () => visitors.answered() > 0,
  )
  scene.eye = await openOperatorsEye(place.home)
}

const nameOf = ({ installation }: DrillPlace, app: string) => `${app}.${installation.domain}`
/** As it is written: curl would shorten paths, and read brackets as lists. */
const send = ({ ask, url }: Curl, { path, args = [] }: Sent, ...how: string[]) =>
  ask('--path-as-is', '--globoff', ...how, ...args, `${url}${path}`)

async function attackInTurn(place: DrillPlace, scene: Scene): Promise<void> {
  for (const [at, one] of KNOWN_ATTACKS.entries()) {
    await attack(place, scene, one, at % 2 === 0 ? '--http2' : '--http1.1')
    place.show(`${at + 1} attacks`)
  }
  place.mark('last of the known attacks')
}

/** Sends one, and waits until it is told of. */
async function attack(place: DrillPlace, scene: Scene, one: KnownAttack, way: string): Promise<void> {
  const { app, outsiders, tookS } = scene
  const { signal } = place
  const eye = present(scene.eye)
  const begunMs = performance.now()
  await send(curlAt(place, present(outsiders[0]), nameOf(place, app)), one, way)
  const wait = { timeoutS: SOON_S, signal }
  const shown = await untilShown(eye, wait, (shown) => isOf(shown, app, one))
  tookS.push(shown === undefined ? undefined : (shown.at - begunMs) / 1000)
  if (shown === undefined) place.say(`not told of: ${one.what}`)
  else if (tookS.length === 1) place.mark('first attack told of', { at: shown.at })
  else if (one === BREAK_IN) place.mark('break-in told of', { at: shown.at })
}

const isOf = ({ event }: Shown, app: string, { rule }: KnownAttack) =>
  event.target_app === app && event.finding_info?.uid === String(rule)

/** Forms, a file that is sent up, and words that only look like an attack; pages are loaded meanwhile, and enough of them. */
async function useAsPeopleDo(place: DrillPlace, scene: Scene): Promise<void> {
  const visitors = present(scene.visitors)
  const curl = curlAt(place, present(scene.outsiders[1]), nameOf(place, scene.app))
  const folder = await mkdtemp(join(tmpdir(), 'maru-drill-'))
  try {
    const file = join(folder, 'holidays.jpg')
    await writeFile(file, randomBytes(UPLOAD_BYTES))
    for (const one of ordinaryUse(file)) {
      const { status } = await send(curl, one)
      if (status !== 200) scene.failures.push(`status ${status} for ${one.path}`)
      scene.used++
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const wait = { timeoutS: READY_S, signal: place.signal }
  await waitUntil(`${PAGES} page loads`, wait, () => visitors.answered() >= PAGES)
}

async function measure(place: DrillPlace, scene: Scene): Promise<Measured<Names>> {
  const { app, tookS, outsiders } = scene
  const [attacker, people] = outsiders as [Outsider, Outsider]
  const visitors = present(scene.visitors)
  const failures = [...visitors.failures(), ...scene.failures]
  for (const reason of new Set(failures)) place.say(`failed: ${reason}`)
  const wrong = (await present(scene.eye).look()).filter((shown) => {
    const { end_time, src_endpoint, target_app } = shown.event
    // Others have had these addresses in drills before.
    if (Date.parse(end_time) < scene.begunAt) return false
    if (src_endpoint.ip === people.address) return true
    const isAttack = src_endpoint.ip === attacker.address || ATTACKS.some((one) => isOf(shown, app, one))
    return target_app === app && !isAttack
  })
  for (const { event } of wrong) place.say(`told of ordinary use: ${event.message}`)
  const incident = await incidentOf(place, attacker, 'web attack', scene.begunAt)
  const told = tookS.filter((one) => one !== undefined)
  const used = visitors.answered() + visitors.failures().length + scene.used
  return {
    values: {
      [UNTOLD]: ATTACKS.length - told.length,
      [TOLD]: hundredths(told.length < ATTACKS.length ? SOON_S : Math.max(...told)),
      [LOOSE]: incident?.apps.includes(app) === true ? 0 : 1,
      [WRONGLY]: wrong.length,
      [FAILED]: failures.length,
    },
    result: `Of ${ATTACKS.length} kinds of known attacks operators were told of ${told.length}, half of them within ${middle(told)} s, and ${incident === undefined ? 'no incident tells of them' : `an incident tells of them: “${incident.title.replaceAll(incident.who, 'somebody').replaceAll(app, 'the app')}”`}. Of ${used} ordinary requests meanwhile ${wrong.length === 0 ? 'none was told of' : `something was told ${wrong.length} times`}, and ${failures.length} failed.`,
    figures: {
      attacks: { value: ATTACKS.length, unit: 'kinds' },
      'ordinary requests': { value: used, unit: 'requests' },
    },
  }
}

const middle = (all: readonly number[]) =>
  hundredths([...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0)
