import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf, HOME } from '#contract/installation.ts'
import { readText } from '#runtime/drivers/files.ts'
import { type Load, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import { makeIp } from '#runtime/drivers/ip.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { type Capture, type Frame, startCapture } from './network/capture.ts'
import { type Inside, insideOf, instancesOf } from './network/instances.ts'
import { endAll } from './network/programs-on-host.ts'
import { talkingBuild } from './network/talking-build.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const SEEN = 'frames of others that the sniffer saw'
const RIGHTS = 'rights to read or forge frames that an app’s own program has'
const FAILED = "requests of the neighbour's visitors that failed"
type Names = typeof SEEN | typeof RIGHTS | typeof FAILED

const REQUESTS = 50
const FORGETS = 25
const SOON_S = 60
/** Who listens among the platform's own parts, and one of them for whom frames come all the time. */
const PLATFORM = { sniffer: 'etcd', control: 'postgres-1' } as const

/** Sniffers in the networks of apps, of builds and of the platform's own parts, while there is something to hear. */
export const snifferInInstance: Drill<Names> = {
  name: 'sniffer-in-instance',
  promises: ['NET-6', 'DAT-3'],
  needs: 'machine',
  programs: { tcpdump: 'tcpdump' },
  summary:
    'Listen in the networks of an app, a build and a part of the platform while others of each kind are talked with',
  harmless: false,
  setUp:
    'Two apps of its own, and two more whose builds go on and connect to the registry of packages. tcpdump listens as root in the networks of the instances of one app, of one build and of the cluster’s store; somebody else at the cards of the other app, the other build and the database, for whom the frames are.',
  fault:
    'Visitors ask the other app with a text that nobody else has, on kept connections and new ones, while the bridges are made to forget again and again who is behind which port.',
  measures: {
    [SEEN]: { unit: 'frames', limit: 0 },
    [RIGHTS]: { unit: 'rights', limit: 0 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 60,
  begin,
}

interface Ears {
  readonly at: Inside
  readonly capture: Capture
}

/** The networks of a host in which others are. */
type Network = 'apps' | 'builds' | 'parts'

/** Those who share a bridge: who should hear nothing, and who has to, or there was nothing to hear. */
interface Room {
  readonly sniffers: readonly Ears[]
  readonly controls: readonly Ears[]
}

/** Listeners, who end together. */
function openEars() {
  const captures: Capture[] = []
  const listen = async (at: Inside): Promise<Ears> => {
    const capture = await startCapture(at.enter, 'eth0')
    captures.push(capture)
    return { at, capture }
  }
  return {
    room: async (sniffers: readonly Inside[], controls: readonly Inside[]): Promise<Room> => ({
      sniffers: await Promise.all(sniffers.map(listen)),
      controls: await Promise.all(controls.map(listen)),
    }),
    stop: () => endAll(captures.map((one) => one.stop)),
  }
}

function begin(place: DrillPlace): Stages<Names> {
  const [listener, neighbour] = [drillApp(place, 'listener'), drillApp(place, 'neighbour')]
  const builds = { sniffer: talkingBuild(place, 'build'), control: talkingBuild(place, 'build') }
  const canary = `sniffed-${randomBytes(12).toString('hex')}`
  const ears = openEars()
  const part = (name: string) => insideOf(place, `${place.installation.name}-${name}`)
  let rooms: Record<Network, Room> | undefined
  let load: Load | undefined
  return {
    setUp: async () => {
      for (const app of [listener, neighbour]) await app.deploy()
      const [sniffer, control] = await Promise.all([builds.sniffer.begin(), builds.control.begin()])
      rooms = {
        apps: await ears.room(
          await instancesOf(place, listener.name),
          await instancesOf(place, neighbour.name),
        ),
        builds: await ears.room([sniffer], [control]),
        parts: await ears.room([await part(PLATFORM.sniffer)], [await part(PLATFORM.control)]),
      }
    },
    fault: async () => {
      load = await visit(place, neighbour.name, `/?text=${canary}`)
      await enough(place, load, REQUESTS)
      place.mark('fault')
      await forgetPorts(place)
      await enough(place, load, load.seen().requests + REQUESTS)
      place.mark('last request')
    },
    measure: async () => {
      const { requests, failed, failures } = await present(load).stop()
      for (const failure of failures) place.say(`failed: ${failure}`)
      const { apps, builds, parts } = present(rooms)
      const heard = {
        apps: await heardIn(apps, canary),
        builds: await heardIn(builds, canary),
        parts: await heardIn(parts, canary),
      }
      if (!heard.apps.hasCanary) throw new NothingProven('the text was not seen where it was for')
      return summarize({ heard, requests, failed, rights: await rightsOf(apps.sniffers) })
    },
    cleanUp: () =>
      endAll([
        () => load?.stop(),
        ears.stop,
        builds.sniffer.end,
        builds.control.end,
        listener.destroy,
        neighbour.destroy,
        () => {
          rooms = undefined
        },
      ]),
  }
}

interface Heard {
  /** Frames for others that a sniffer has. */
  readonly stolen: number
  /** Frames that came for those who are talked with. */
  readonly own: number
  readonly hasCanary: boolean
}

/** What was heard on a bridge. */
async function heardIn({ sniffers, controls }: Room, canary: string): Promise<Heard> {
  let [stolen, own] = [0, 0]
  let hasCanary = false
  for (const { at, capture } of controls) {
    const frames = await capture.frames()
    own += frames.filter(({ bytes }) => cardsOf(bytes).to === hexOf(at)).length
    hasCanary ||= frames.some(({ bytes }) => bytes.includes(canary))
  }
  for (const { at, capture } of sniffers)
    stolen += (await capture.frames()).filter((frame) => isOthers(frame, at, canary)).length
  return { stolen, own, hasCanary }
}

async function visit({ installation, home }: DrillPlace, app: string, path: string): Promise<Load> {
  const ca = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const name = `${app}.${installation.domain}`
  const target = { host: '127.0.0.1', port: installation.ports.https, name, ca, path }
  return startHttpsLoad({ ...target, onEnd: () => pause(20) }, { kept: 4, fresh: 1 })
}

const enough = ({ signal }: DrillPlace, load: Load, requests: number) =>
  waitUntil(`${requests} requests`, { timeoutS: SOON_S, signal }, () => load.seen().requests >= requests)

/** What a bridge does not know it would send to everybody. */
async function forgetPorts({ installation, signal }: DrillPlace): Promise<void> {
  const { apps, build, data } = addressesOf(installation).networks
  for (let count = 0; count < FORGETS; count += 1) {
    for (const { bridge } of [apps, build, data])
      await makeIp([]).change('link', 'set', 'dev', bridge, 'type', 'bridge', 'fdb_flush')
    await pause(100, signal)
  }
}

const hexOf = ({ card }: Inside) => card.replaceAll(':', '')
const cardsOf = (bytes: Buffer) => ({
  to: bytes.subarray(0, 6).toString('hex'),
  from: bytes.subarray(6, 12).toString('hex'),
})

/** A frame for somebody else alone, or one with the text. What is for everybody, such as the question who has an address, is no secret. */
function isOthers({ bytes }: Frame, at: Inside, canary: string): boolean {
  const { to, from } = cardsOf(bytes)
  const forMany = ((bytes[0] ?? 0) & 1) === 1
  return bytes.includes(canary) || (!forMany && to !== hexOf(at) && from !== hexOf(at))
}

/** NET_RAW and NET_ADMIN, as the kernel counts them, among all that the instances' programs could ever get. */
const NETWORK_RIGHTS = (1n << 13n) | (1n << 12n)

async function rightsOf(sniffers: readonly Ears[]): Promise<number> {
  let rights = 0
  for (const { at } of sniffers) {
    const bounds = /^CapBnd:\s+(\w+)$/m.exec((await readText(`/proc/${at.pid}/status`)) ?? '')?.[1]
    if (bounds === undefined) throw new Error('an instance has ended')
    for (let left = BigInt(`0x${bounds}`) & NETWORK_RIGHTS; left > 0n; left &= left - 1n) rights += 1
  }
  return rights
}

function summarize({
  heard,
  requests,
  failed,
  rights,
}: {
  readonly heard: Readonly<Record<Network, Heard>>
  readonly requests: number
  readonly failed: number
  readonly rights: number
}): Measured<Names> {
  const all = Object.entries(heard)
  const silent = all.find(([, { own }]) => own === 0)
  // Where nothing came for those who are talked with, nothing could be stolen.
  if (silent !== undefined)
    throw new NothingProven(`nothing was sent to the other one in the network of ${silent[0]}`)
  const stolen = all.reduce((sum, [, one]) => sum + one.stolen, 0)
  const came = all.map(([name, { own }]) => `${own} in that of ${name}`).join(', ')
  return {
    values: { [SEEN]: stolen, [RIGHTS]: rights, [FAILED]: failed },
    result: `While the neighbour was asked ${requests} times, ${failed} of them in vain, the sniffers saw ${stolen} frames that were for others, though the bridges forgot ${FORGETS} times who is where; frames that came for the others: ${came}. Programs of apps have ${rights} rights to read or forge frames.`,
    figures: {
      requests: { value: requests, unit: 'requests' },
      ...Object.fromEntries(
        all.map(([name, { own }]) => [
          `frames for others in the network of ${name}`,
          { value: own, unit: 'frames' },
        ]),
      ),
    },
  }
}
