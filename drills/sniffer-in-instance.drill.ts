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
import { type Inside, instancesOf } from './network/instances.ts'
import { endAll } from './network/programs-on-host.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'

const SEEN = 'frames of others that the sniffer saw'
const RIGHTS = 'rights to read or forge frames that an app’s own program has'
const FAILED = "requests of the neighbour's visitors that failed"
type Names = typeof SEEN | typeof RIGHTS | typeof FAILED

const REQUESTS = 50
const FORGETS = 25
const SOON_S = 60

/** A sniffer in one app's network, while another app is visited. */
export const snifferInInstance: Drill<Names> = {
  name: 'sniffer-in-instance',
  promises: ['NET-6', 'DAT-3'],
  needs: 'machine',
  programs: { tcpdump: 'tcpdump' },
  summary: "Listen in an instance's network while another app is visited with a text that can be found again",
  harmless: false,
  setUp:
    'Two apps of its own. tcpdump listens in the networks of the instances of one, as their root; somebody else at the card of the other, for whom the text is.',
  fault:
    'Visitors ask the other app with a text that nobody else has, on kept connections and new ones, while the bridge is made to forget again and again who is behind which port.',
  measures: {
    [SEEN]: { unit: 'frames', limit: 0 },
    [RIGHTS]: { unit: 'rights', limit: 0 },
    [FAILED]: { unit: 'requests', limit: 0 },
  },
  expectedS: 40,
  begin,
}

interface Ears {
  readonly at: Inside
  readonly capture: Capture
}

function begin(place: DrillPlace): Stages<Names> {
  const [listener, neighbour] = [drillApp(place, 'listener'), drillApp(place, 'neighbour')]
  const canary = `sniffed-${randomBytes(12).toString('hex')}`
  const captures: Capture[] = []
  const listen = async (at: Inside): Promise<Ears> => {
    const capture = await startCapture(at.enter, 'eth0')
    captures.push(capture)
    return { at, capture }
  }
  let [sniffers, control]: [Ears[], Ears[]] = [[], []]
  let load: Load | undefined
  return {
    setUp: async () => {
      for (const app of [listener, neighbour]) await app.deploy()
      for (const one of await instancesOf(place, listener.name)) sniffers.push(await listen(one))
      for (const one of await instancesOf(place, neighbour.name)) control.push(await listen(one))
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
      const heard = (await Promise.all(control.map(({ capture }) => capture.frames()))).flat()
      if (!heard.some(({ bytes }) => bytes.includes(canary)))
        throw new Error('the text was not seen where it was for')
      const stolen = []
      for (const { at, capture } of sniffers)
        stolen.push(...(await capture.frames()).filter((frame) => isOthers(frame, at, canary)))
      return summarize({ stolen, requests, failed, rights: await rightsOf(sniffers) })
    },
    cleanUp: () =>
      endAll([
        () => load?.stop(),
        ...captures.map((one) => one.stop),
        listener.destroy,
        neighbour.destroy,
        () => {
          ;[sniffers, control] = [[], []]
        },
      ]),
  }
}

async function visit({ installation, home }: DrillPlace, app: string, path: string): Promise<Load> {
  const ca = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const name = `${app}.${installation.domain}`
  const target = { host: '127.0.0.1', port: installation.ports.https, name, ca, path }
  return startHttpsLoad({ ...target, onEnd: () => pause(20) }, { kept: 4, fresh: 1 })
}

const enough = ({ signal }: DrillPlace, load: Load, requests: number) =>
  waitUntil(`${requests} requests`, { timeoutS: SOON_S, signal }, () => load.seen().requests >= requests)

/** What the bridge does not know it would send to everybody. */
async function forgetPorts({ installation, signal }: DrillPlace): Promise<void> {
  const { bridge } = addressesOf(installation).networks.apps
  for (let count = 0; count < FORGETS; count += 1) {
    await makeIp([]).change('link', 'set', 'dev', bridge, 'type', 'bridge', 'fdb_flush')
    await pause(100, signal)
  }
}

/** A frame for somebody else alone, or one with the text. What is for everybody, such as the question who has an address, is no secret. */
function isOthers({ bytes }: Frame, { card }: Inside, canary: string): boolean {
  const hex = card.replaceAll(':', '')
  const [to, from] = [bytes.subarray(0, 6).toString('hex'), bytes.subarray(6, 12).toString('hex')]
  const forMany = ((bytes[0] ?? 0) & 1) === 1
  return bytes.includes(canary) || (!forMany && to !== hex && from !== hex)
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
  stolen,
  requests,
  failed,
  rights,
}: {
  readonly stolen: readonly Frame[]
  readonly requests: number
  readonly failed: number
  readonly rights: number
}): Measured<Names> {
  return {
    values: { [SEEN]: stolen.length, [RIGHTS]: rights, [FAILED]: failed },
    result: `While the neighbour was asked ${requests} times, ${failed} of them in vain, the sniffer saw ${stolen.length} frames that were for others, though the bridge forgot ${FORGETS} times who is where; programs of apps have ${rights} rights to read or forge frames.`,
    figures: { requests: { value: requests, unit: 'requests' } },
  }
}
