import { randomBytes } from 'node:crypto'
import { hostRoutes } from '#contract/hosts.ts'
import type { HostsDrill, Measured, Stages } from './drill.ts'
import { faultOfHosts } from './hosts/fault-of-hosts.ts'
import { askEdge, nameOf } from './hosts/host-ledger.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { instancesOn } from './hosts/instances-on-host.ts'
import { passesThroughStore } from './hosts/store-leader.ts'
import { type Capture, type Frame, startCapture } from './network/capture.ts'
import { endAll } from './network/programs-on-host.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const FOUND = 'frames with a planted text on a link between hosts'
const UNUSED = 'planted texts that did not go their way'
const DEAF = 'links on which a text sent in the clear was not seen'
type Names = typeof FOUND | typeof UNUSED | typeof DEAF

const MARU = './maru'
const SOON_S = 120
const REQUESTS = 5
/** What the app is told by its configuration. */
const CONFIG = 'DRILL_TEXT'
/** How long a text is sent again until it arrives. */
const SENT_S = 30

/** Somebody listens on every link between hosts, while an app with texts that can be found again is used in both data centres. */
export const linksCaptured: HostsDrill<Names> = {
  name: 'links-captured',
  promises: ['NET-7'],
  needs: 'hosts',
  programs: { tcpdump: 'tcpdump' },
  summary:
    'Capture every link between hosts and search it for texts that were planted in an app and in the store',
  harmless: false,
  setUp:
    'An app of its own has an instance in each data centre. tcpdump listens in the network of each data centre and of the witness, and on the wide one between them.',
  fault:
    'Texts that nobody else has are used: one is set as configuration of the app and found in its instances in both data centres. Then the app gets a single instance, so that one data centre passes its requests on to the other, and at the edges of both texts are sent in requests, answered, written to the database and its standby, and written to the cluster’s store and read at each of its members. Then another text is sent in the clear from host to host.',
  measures: {
    [FOUND]: { unit: 'frames', limit: 0 },
    [UNUSED]: { unit: 'texts', limit: 0 },
    [DEAF]: { unit: 'links', limit: 0 },
  },
  expectedS: 70,
  begin,
}

/** Texts by what they are planted in. */
interface Texts {
  readonly row: string
  readonly header: string
  readonly config: string
  readonly store: string
  readonly clear: string
}

interface Ear {
  readonly line: string
  readonly capture: Capture
}

interface Found {
  readonly heard: ReadonlyArray<{ readonly line: string; readonly frames: readonly Frame[] }>
  readonly unused: readonly string[]
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place)
  const edges = place.hosts.filter(({ full }) => full)
  const text = (of: string) => `planted-${of}-${randomBytes(12).toString('hex')}`
  const texts: Texts = {
    row: text('row'),
    header: text('header'),
    config: text('config'),
    store: text('store'),
    clear: text('clear'),
  }
  const ears: Ear[] = []
  let found: Found | undefined
  let changed = false
  return {
    setUp: async () => {
      await story.ready()
      changed = true
      for (const { name, bridge, enter } of await place.lines())
        ears.push({ line: name, capture: await startCapture(enter, bridge) })
    },
    fault: async () => {
      place.mark('fault')
      const unused = await plant(place, edges, texts)
      place.mark('texts planted')
      await sendInTheClear(place, edges, texts.clear)
      place.mark('text sent in the clear')
      const heard = []
      for (const { line, capture } of ears) heard.push({ line, frames: await capture.frames() })
      found = { heard, unused }
    },
    measure: async () => summarize(place, texts, present(found)),
    cleanUp: () =>
      endAll([
        ...ears.map(({ capture }) => capture.stop),
        async () => {
          if (!changed) return
          await maru(place, ['config', 'unset', CONFIG]).catch(() => undefined)
          await maru(place, ['scale', 'web=2'])
        },
        story.cleanUp,
      ]),
  }
}

async function instances(place: HostsPlace): Promise<number> {
  const { hosts } = await place.ask((client) => client.call(hostRoutes.list, {}))
  return hosts.reduce((sum, host) => sum + host.instances, 0)
}

/** The command line, on the first host, about the drill's app. */
async function maru(place: HostsPlace, args: readonly string[]): Promise<void> {
  const [first] = place.hosts
  const done = await place.run(present(first).name, [MARU, ...args, '--app', await place.app()])
  if (done.exitCode !== 0)
    throw new Error(`\`maru ${args.join(' ')}\`: ${done.stderr.trim().split('\n').at(-1)}`)
}

/** From here on one data centre passes requests on to the other. */
async function leaveOne(place: HostsPlace): Promise<void> {
  await maru(place, ['scale', 'web=1'])
  await waitUntil(
    'the app to have one instance',
    { timeoutS: SOON_S, signal: place.signal },
    async () => (await instances(place)) === 1,
  )
}

/** Whether an instance of the app on a host has the text. Whoever gave it to the hosts is on one of them only. */
async function hasText(place: HostsPlace, host: LabHost, text: string): Promise<boolean> {
  for (const instance of await instancesOn(place, host)) {
    const { stdout } = await instance.exec(['printenv', CONFIG])
    if (stdout.trim() === text) return true
  }
  return false
}

type Send = (what: string, attempt: (tries: number) => Promise<boolean>) => Promise<void>

/** Uses the app with the texts, at every edge; gives those that did not go their way. */
async function plant(place: HostsPlace, edges: readonly LabHost[], texts: Texts): Promise<string[]> {
  const unused: string[] = []
  /** Whether something arrives is what this is about, not whether at once: the app has just been replaced. */
  const sent: Send = async (what, attempt) => {
    let [tries, arrived] = [0, false]
    await secondsUntil({ timeoutS: SENT_S, signal: place.signal }, async () => {
      arrived = await attempt(tries++)
      return arrived
    })
    if (!arrived) unused.push(what)
  }
  await maru(place, ['config', 'set', `${CONFIG}=${texts.config}`])
  for (const edge of edges)
    await sent(`the configuration in an instance on ${edge.name}`, () => hasText(place, edge, texts.config))
  place.mark('configuration is in both data centres')
  await leaveOne(place)
  await sent('a value in the store', () => passesThroughStore(place, texts.store))
  for (const edge of edges) await useEdge(place, edge, texts, sent)
  return unused
}

async function useEdge(place: HostsPlace, edge: LabHost, texts: Texts, sent: Send): Promise<void> {
  const name = nameOf(place, await place.app())
  for (let count = 0; count < REQUESTS; count += 1)
    await sent(`a row at ${edge.name}`, async (tries) => {
      const token = `${texts.row}-${edge.name}-${count}-${tries}`
      return (await askEdge(place, edge, name, `/write?token=${token}`))?.includes(token) === true
    })
  await sent(
    `the rows read at ${edge.name}`,
    async () => (await askEdge(place, edge, name, '/tokens'))?.includes(texts.row) === true,
  )
  const posted = ['-H', `X-Text: ${texts.header}`, '--data', texts.header]
  await sent(
    `a body and a header at ${edge.name}`,
    async () => (await askEdge(place, edge, name, '/', posted)) !== undefined,
  )
}

/** The counter-proof: from every host, to one in another place, where nothing is asked for but the way to HTTPS. */
async function sendInTheClear(place: HostsPlace, edges: readonly LabHost[], text: string): Promise<void> {
  for (const from of place.hosts) {
    const to = edges.find(({ dataCentre }) => dataCentre !== from.dataCentre)
    await place.run(from.name, ['curl', '--silent', '--max-time', '5', `http://${to?.address}/${text}`])
  }
}

function summarize({ say }: HostsPlace, texts: Texts, { heard, unused }: Found): Measured<Names> {
  const { clear, ...planted } = texts
  const holding = (frames: readonly Frame[], wanted: string) =>
    frames.filter(({ bytes }) => bytes.includes(wanted)).length
  let found = 0
  for (const { line, frames } of heard)
    for (const [of, wanted] of Object.entries(planted)) {
      const count = holding(frames, wanted)
      if (count > 0) say(`${line}: the text of the ${of} was in ${count} frames`)
      found += count
    }
  for (const one of unused) say(`did not go its way: ${one}`)
  const deaf = heard.filter(({ frames }) => holding(frames, clear) === 0).map(({ line }) => line)
  const all = heard.reduce((sum, { frames }) => sum + frames.length, 0)
  return {
    values: { [FOUND]: found, [UNUSED]: unused.length, [DEAF]: deaf.length },
    result: `Of ${all} frames on ${heard.length} links ${found} held a planted text; a text sent in the clear was seen on ${heard.length - deaf.length} of them${deaf.length === 0 ? '' : `, not on ${deaf.join(', ')}`}; ${unused.length} texts did not go their way.`,
    figures: Object.fromEntries(
      heard.map(({ line, frames }) => [
        `frames on the link ${line}`,
        { value: frames.length, unit: 'frames' },
      ]),
    ),
  }
}
