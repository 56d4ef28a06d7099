import { CONTROL_SERVICES } from '#contract/fleet.ts'
import { hostRoutes } from '#contract/hosts.ts'
import type { HostName } from '#contract/ids.ts'
import type { HostsDrill, Stages } from './drill.ts'
import { maruInLab, maruOn } from './hosts/app-in-lab.ts'
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
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { leadPairFrom } from './hosts/pair-lead.ts'
import { findReplacement, type Replacement } from './hosts/spare-host.ts'
import { present } from './present.ts'
import { linesOf } from './recorded-moments.ts'

const FAILED = 'requests that failed, at the old host until it was removed'
const FAILED_THERE = 'requests that failed at the old host after that'
type Names = LedgerMeasure | typeof SILENCE | typeof FAILED

/** The longest that a write may rest: parts of the platform move, and the database's lead with them. */
const REST_S = 3

/** Another machine takes the place of one for good, with all that it had of the platform, while people ask. */
export const hostReplacedUnderLoad: HostsDrill<Names> = {
  name: 'host-replaced-under-load',
  promises: ['SYS-3', 'PLT-3', 'REC-1'],
  needs: 'hosts',
  spareHost: true,
  summary: 'Replace a host, with the database’s primary on it, while visitors ask at every edge',
  harmless: false,
  setUp: `${SET_UP} Its driver sends a write again that failed. They ask the edges of all hosts, also of the one that goes, until it is removed; the database’s primary is on that one.`,
  fault:
    'By one command a host is emptied of instances and parts of the platform, another one of its data centre takes them over, and it is removed.',
  measures: {
    [FAILED]: { unit: 'requests', limit: 0 },
    [SILENCE]: { unit: 's', limit: REST_S },
    ...LEDGER_MEASURES,
  },
  expectedS: 120,
  begin,
}

/** The host that goes, and what those that stay see of it. */
interface Plan extends Replacement {
  readonly stays: HostsPlace
  readonly story: FaultOfHosts
}

async function planOf(place: HostsPlace): Promise<Plan> {
  const found = await findReplacement(place)
  // Of a host that goes for good nothing is asked of when all is whole again.
  const stays = { ...place, hosts: place.hosts.filter(({ name }) => name !== found.old.name) }
  return { ...found, stays, story: faultOfHosts(stays, 'again') }
}

function begin(place: HostsPlace): Stages<Names> {
  let plan: Plan | undefined
  const removed = new AbortController()
  return {
    setUp: async () => {
      plan = await planOf(place)
      const { story, stays, member, old } = plan
      await story.ready()
      await leadPairFrom(place, member)
      await story.visit([old], removed.signal)
      await visitAll(stays, story)
    },
    fault: () =>
      present(plan).story.strike(async () => {
        await replace(present(plan))
        removed.abort()
      }),
    measure: async () => {
      const { story } = present(plan)
      const { ledger } = story
      await story.repaired('command has ended', async () => {})
      const wholeS = (performance.now() - story.struckMs()) / 1000
      const silenceS = silenceSince(story)
      const { values, figures, ledger: kept } = await story.sumUp(wholeS)
      const afterwards = await failedAfterRemoval(present(plan))
      const failed = ledger.failed.length - afterwards
      return {
        values: { ...values, [SILENCE]: silenceS, [FAILED]: failed },
        result: `Of ${ledger.answered() + failed} requests ${failed} failed while a host was replaced, of ${kept.entries.length} acknowledged writes ${values[LOST]} were lost; the longest time without one was ${silenceS} s; ${values[WHOLE]} s after the command was typed another host had all that the old one had.`,
        figures: { ...figures, [FAILED_THERE]: { value: afterwards, unit: 'requests' } },
        ledger: kept,
      }
    },
    cleanUp: async () => {
      await plan?.story.cleanUp()
      if (plan !== undefined) await bringBack(place, plan)
    },
  }
}

async function replace({ stays, old, next }: Plan): Promise<void> {
  const hosts = stays.hosts.filter(({ full }) => full)
  const done = await maruInLab(stays, hosts, ['host', 'replace', old.name, '--with', next.name, '--json'])
  if (done.exitCode !== 0) throw new Error(done.stderr.trim().split('\n').at(-1))
}

/** Requests that failed at the edge of the old host when that was no host any more: they were under way, or came before it had ended. */
async function failedAfterRemoval({ stays, story, old }: Plan): Promise<number> {
  const removedAt = await whenRemoved(stays, story, old)
  stays.mark('old host removed', { at: removedAt, source: 'log of the control plane' })
  const removedMs = performance.now() - (Date.now() - removedAt.getTime())
  const there = story.ledger.failed.filter(({ edge }) => edge === old.address)
  return there.filter(({ endedMs }) => endedMs >= removedMs).length
}

/** When the control plane that carried it out has written down that the host is none any more. */
async function whenRemoved(stays: HostsPlace, story: FaultOfHosts, old: LabHost): Promise<Date> {
  const struck = new Date(Date.now() - (performance.now() - story.struckMs()))
  for (const service of CONTROL_SERVICES) {
    const { name } = await stays.hostOf(service)
    const from = { docker: await stays.engine(name), installation: stays.installation }
    for (const { at, line } of await linesOf(from, service, struck))
      if (line.includes('"fleet.removed"') && line.includes(`"host":"${old.name}"`)) return new Date(at)
  }
  throw new Error(`no control plane has written down when ${old.name} was removed`)
}

/** The old host is cleared, and joins as a new machine does; where it was not removed, it is used again. */
async function bringBack(place: HostsPlace, { old }: Replacement): Promise<void> {
  const { hosts } = await place.ask((client) => client.call(hostRoutes.list, {}))
  const there = hosts.find(({ name }) => name === old.name)
  const params = { host: old.name as HostName }
  if (there?.draining) await place.ask((client) => client.call(hostRoutes.undrain, { params }))
  if (there !== undefined) return
  const { name } = place.installation
  const done = await maruOn(place, old.name, ['destroy', '--confirm', name, '--keep-images', '--json'])
  if (done.exitCode !== 0) throw new Error(`${old.name} is not cleared: ${done.stderr.trim()}`)
  await place.join(old.name)
}
