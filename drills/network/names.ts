import { randomBytes } from 'node:crypto'
import { getServers } from 'node:dns'
import { addressesOf } from '#contract/installation.ts'
import type { DrillPlace } from '../drill.ts'
import { NothingProven } from '../not-measured.ts'
import { waitUntil } from '../wait-until.ts'
import { type Capture, startCapture } from './capture.ts'
import { type Door, tryDoors } from './doors.ts'
import type { Inside } from './instances.ts'
import type { OtherNetwork, Outsider } from './other-network.ts'
import { allowApp } from './said.ts'

/** A question for a name, and whom it is put to. */
interface Question {
  readonly what: string
  readonly server: string
  readonly name: string
}

/** How it ended: `told`, or what the one who asked was told instead; `silent`: nothing. */
interface Heard extends Question {
  readonly end: 'told' | 'refused' | 'silent' | (string & {})
}

const PORT = 53
const SOON_S = 30
const WAIT_MS = 1500
/** Of everybody who asks in an instance: the engine's, which passes it on. */
const AS_PROGRAMS_DO = '127.0.0.11'
/** Run in an instance's network: a line of JSON for each question. */
const PROGRAM = `const { Resolver } = require('node:dns/promises')
const ENDS = { EREFUSED: 'refused', ETIMEOUT: 'silent', ECONNREFUSED: 'silent', ENOTFOUND: 'no such name' }
const ask = async ({ server, name }) => {
  const resolver = new Resolver({ timeout: ${WAIT_MS}, tries: 1 })
  resolver.setServers([server])
  try { return (await resolver.resolve4(name)).length > 0 ? 'told' : 'no such name' }
  catch ({ code }) { return ENDS[code] ?? code }
}
const all = JSON.parse(process.argv[1]).map(async (one) => console.log(JSON.stringify({ ...one, end: await ask(one) })))
Promise.all(all).then(() => process.exit(0))`

/** Asks from inside a network, all at once. */
async function ask(from: OtherNetwork, questions: readonly Question[]): Promise<Heard[]> {
  const argv = [process.execPath, '-e', PROGRAM, JSON.stringify(questions)]
  const { exitCode, stdout, stderr } = await from.run(argv)
  if (exitCode !== 0) throw new NothingProven(`nobody asked for names: ${stderr.trim().split('\n').at(-1)}`)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Heard)
}

/** Asks for names from inside a network as programs there do, whatever they hear. */
export async function askNames(from: OtherNetwork, names: readonly string[]): Promise<void> {
  await ask(
    from,
    names.map((name) => ({ what: name, server: AS_PROGRAMS_DO, name })),
  )
}

/** What an app heard of names, and what became of its questions. */
export interface NamesFound {
  /** Questions that it has no business with and that were answered. */
  readonly heard: readonly Heard[]
  readonly tried: number
  /** Packets with such a question that left the host. */
  readonly left: number
  /** Names that it may ask for and was refused. */
  readonly missing: readonly Heard[]
  /** Doors at the port of names that answered by TCP. */
  readonly doors: readonly Door[]
}

/** Who asks: an instance of the app that declares a name, one of another app, and a place outside of the platform. */
export interface NamesPlace {
  readonly app: string
  readonly own: Inside
  readonly neighbour: Inside
  readonly outside: Outsider
}

/** Declares a name for one app, and asks for it and for others by every way. What was started is told to `started`. */
export async function askForNames(
  place: DrillPlace,
  { app, own, neighbour, outside }: NamesPlace,
  started: (capture: Capture) => void,
): Promise<NamesFound> {
  const { names: resolvers } = addressesOf(place.installation)
  const word = `drill${randomBytes(6).toString('hex')}`
  // Nobody's, and nobody ever gets it (RFC 2606).
  const declared = `${word}-may.drill.invalid`
  const secret = `${word}-no`
  const capture = await captureNames([own.address, neighbour.address, ...resolvers])
  started(capture)
  await allowApp(place, 'app-reaches-out', app, `${declared}:443`)
  const questions = (what: string, name: string, servers: readonly string[] = resolvers): Question[] =>
    servers.map((server) => ({ what, server, name }))
  await waitUntil('the declared name to be asked for', { timeoutS: SOON_S, signal: place.signal }, async () =>
    (await ask(own, questions('', declared))).every(isAsked),
  )
  const others = [outside.address, ...getServers().filter(isElsewhere)]
  const everyWay = [...resolvers, AS_PROGRAMS_DO]
  const heard = [
    ...(await ask(own, [
      ...questions('a name that nobody declared', `${secret}.drill.invalid`, everyWay),
      ...questions('a name below the declared one', `${secret}.${declared}`, everyWay),
      ...questions('a name, of another name server', `${secret}-server.drill.invalid`, others),
      ...questions('the declared name, of another name server', declared, others),
    ])),
    ...(await ask(neighbour, questions("another app's name", declared, everyWay))),
  ]
  const missing = [
    ...(await ask(own, [
      ...questions('the declared name', declared),
      ...questions("the platform's own name", place.installation.domain, everyWay),
    ])),
    ...(await ask(neighbour, questions("the platform's own name", place.installation.domain, everyWay))),
  ].filter((one) => (one.name === declared ? !isAsked(one) : one.end !== 'told'))
  const doors = [...resolvers, ...others].map((host) => ({
    what: 'TCP at the port of names',
    host,
    port: PORT,
  }))
  const open = (await tryDoors(own, doors)).filter(({ end }) => end === 'open')
  const frames = (await capture.frames()).map(({ bytes }) => bytes.toString('latin1').toLowerCase())
  // The counter-proof: the question that may be sent on is seen to be.
  if (!frames.some((one) => one.includes(`${word}-may`)))
    throw new NothingProven('the question for the declared name was not seen on its way to a name server')
  return {
    heard: heard.filter(isAnswered),
    tried: heard.length,
    left: frames.filter((one) => one.includes(secret)).length,
    missing,
    doors: open,
  }
}

/** The engine says that its server failed when both that it asks have refused. */
const isAnswered = ({ end, server }: Heard) =>
  end !== 'refused' && end !== 'silent' && !(server === AS_PROGRAMS_DO && end === 'ESERVFAIL')

/** What comes of it depends on the machine's name servers; that they were asked does not. */
const isAsked = ({ end }: Heard) => end !== 'refused'

/** One of this machine itself is another one inside of an instance. */
const isElsewhere = (server: string) => /^[\d.]+$/.test(server) && !server.startsWith('127.')

/** Listens on every link of the host for questions of names that are not between an app and its resolver. */
function captureNames(inside: readonly string[]): Promise<Capture> {
  const hosts = inside.flatMap((address, at) => [...(at === 0 ? [] : ['or']), 'host', address])
  return startCapture((argv) => argv as [string, ...string[]], 'any', [
    ...['port', String(PORT), 'and', 'not', '('],
    ...[...hosts, ')'],
  ])
}
