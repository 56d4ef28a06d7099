import { STALL_S } from './database-hands-over.drill.ts'
import type { HostsDrill, Measure, Stages } from './drill.ts'
import { maruOn } from './hosts/app-in-lab.ts'
import {
  type FaultOfHosts,
  faultOfHosts,
  LEDGER_MEASURES,
  type LedgerMeasure,
  LOST,
  SET_UP,
  SILENCE,
  silenceSince,
  visitAll,
  WHOLE,
  WHOLE_S,
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { type NewerGround, replaceParts } from './hosts/newer-parts.ts'
import { somePrimary } from './hosts/pair-lead.ts'
import { hundredths } from './hundredths.ts'
import type { PartImage } from './newer-image.ts'

const FAILED = 'requests that failed'
const STAYED = 'containers that are still the ones from before'
type Names = LedgerMeasure | typeof SILENCE | typeof FAILED | typeof STAYED

/** What is replaced together on a host, by the images that it runs on, in this order. */
const PARTS: ReadonlyArray<{ readonly part: string; readonly images: readonly PartImage[] }> = [
  { part: 'edge, ways and detector', images: ['edge', 'detector'] },
  { part: 'control plane and agent', images: ['platform'] },
  { part: "cluster's store", images: ['database'] },
  { part: 'database pair', images: ['patroni'] },
]

const MEASURES: Readonly<Record<Names, Measure>> = {
  [FAILED]: { unit: 'requests', limit: 0 },
  [SILENCE]: { unit: 's', limit: STALL_S },
  [STAYED]: { unit: 'containers', limit: 0 },
  ...LEDGER_MEASURES,
}

/** A newer platform on every host, part after part and host after host, while people ask. */
export const partsReplacedUnderLoad: HostsDrill<Names> = {
  name: 'parts-replaced-under-load',
  promises: ['PLT-3', 'VUL-4'],
  needs: 'hosts',
  summary: 'Bring newer parts of the platform to every host while visitors ask at every edge',
  harmless: false,
  setUp: `${SET_UP} Its driver sends a write again that failed. They ask the edges of all hosts.`,
  fault: `Newer images come to one host after the other, where \`maru up\` brings them in, each when all is whole again: ${PARTS.map(({ part }) => part).join('; ')}.`,
  measures: MEASURES,
  expectedS: 200,
  begin,
}

/** What has come of it, host by host. */
interface Done {
  readonly replaced: string[]
  readonly stayed: string[]
  readonly partS: Map<string, number>
  wholeS: number
}

function begin(place: HostsPlace): Stages<Names> {
  const story = faultOfHosts(place, 'again')
  const done: Done = { replaced: [], stayed: [], partS: new Map(), wholeS: 0 }
  return {
    setUp: () => visitAll(place, story),
    fault: () =>
      story.strike(async () => {
        for (const one of PARTS) await onEveryHost(place, story, one, done)
      }),
    measure: async () => {
      if (done.wholeS <= WHOLE_S) place.mark('heal')
      const silenceS = silenceSince(story)
      const { values, figures, ledger } = await story.sumUp(done.wholeS)
      const failed = story.ledger.failed.length
      const { replaced, stayed } = done
      return {
        values: { ...values, [SILENCE]: silenceS, [FAILED]: failed, [STAYED]: stayed.length },
        result: `Of ${story.ledger.answered() + failed} requests ${failed} failed while ${replaced.length} containers of the platform were replaced by newer ones, host after host, and ${stayed.length} stayed; of ${ledger.entries.length} acknowledged writes ${values[LOST]} were lost; the longest time without one was ${silenceS} s; all was whole at most ${values[WHOLE]} s after a host had its newer parts.`,
        figures: { ...figures, ...figuresOf(done) },
        ledger,
      }
    },
    cleanUp: story.cleanUp,
  }
}

async function onEveryHost(
  place: HostsPlace,
  story: FaultOfHosts,
  { part, images }: (typeof PARTS)[number],
  done: Done,
): Promise<void> {
  const since = performance.now()
  for (const { name } of await inOrder(place)) {
    place.show(`${part}: ${name}`)
    const { replaced, stayed } = await replaceParts(groundOf(place), name, images)
    if (replaced.length + stayed.length === 0) continue
    done.replaced.push(...replaced)
    done.stayed.push(...stayed)
    for (const container of stayed) place.say(`${container} on ${name} is still the one from before`)
    done.wholeS = Math.max(done.wholeS, await story.wholeAgain())
  }
  const seconds = (performance.now() - since) / 1000
  done.partS.set(part, seconds)
  place.mark(`newer: ${part}`)
  place.say(`${part}: newer on every host after ${hundredths(seconds)} s`)
}

/** The first host comes last, as an operator would have it; the one with the primary follows the one with the standby. */
async function inOrder(place: HostsPlace): Promise<readonly LabHost[]> {
  const lead = (await place.hostOf(await somePrimary(place))).name
  const rank = ({ name, first }: LabHost) => (name === lead ? 2 : first ? 1 : 0)
  return [...place.hosts].sort((one, other) => rank(one) - rank(other))
}

const groundOf = (place: HostsPlace): NewerGround => ({
  installation: place.installation,
  signal: place.signal,
  engine: place.engine,
  up: async (host) => {
    const { exitCode, stderr } = await maruOn(place, host, ['up', '--json'])
    if (exitCode !== 0) throw new Error(`\`maru up\` on ${host}: ${stderr.trim().split('\n').at(-1)}`)
  },
})

const figuresOf = ({ replaced, partS }: Done) => ({
  'containers that were replaced': { value: replaced.length, unit: 'containers' },
  ...Object.fromEntries(
    [...partS].map(([part, seconds]) => [`time for ${part}`, { value: hundredths(seconds), unit: 's' }]),
  ),
})
