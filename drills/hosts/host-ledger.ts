import type { FailedEntry, LedgerEntry } from '../drill.ts'
import { CLIENT, type HostsPlace, type LabHost } from './hosts-place.ts'
import { machineClockMs, VisitNews } from './visit.ts'

/** A row that the database acknowledged to a visitor; times by the clock of `performance.now()`. */
export interface AcknowledgedRow extends LedgerEntry {
  readonly token: string
  readonly edge: string
}

export interface FailedRequest extends FailedEntry {
  readonly kind: 'write' | 'plain'
  readonly edge: string
  readonly reason: string
}

/** What visitors were told, by all edges together. */
export interface HostLedger {
  readonly acknowledged: readonly AcknowledgedRow[]
  readonly failed: readonly FailedRequest[]
  /** Requests that were answered well. */
  answered(): number
  /** Lets visitors ask these edges, from a host or from between the data centres; `until` ends these before the others. */
  visit(from: string, edges: readonly LabHost[], until?: AbortSignal): Promise<void>
  /** Numbers of acknowledged rows that the database does not have. */
  findLost(): Promise<number[]>
  /** Ends all visits; the requests that are under way end before. */
  stop(): Promise<void>
}

/** How visitors have the app write: sent again where it failed, as most drivers do, or once. */
export type Writing = 'again' | 'once'

/** An empty ledger of the visitors of an app. */
export function hostLedger(place: HostsPlace, writing: Writing = 'once'): HostLedger {
  const acknowledged: AcknowledgedRow[] = []
  const failed: FailedRequest[] = []
  const visits: Array<Promise<unknown>> = []
  const stopping = new AbortController()
  const clock = machineClockMs()
  let answered = 0
  const edges: string[] = []
  /** Whoever reads it needs to tell the edges apart only. */
  const askerAt = (edge: string) => {
    if (!edges.includes(edge)) edges.push(edge)
    return `visitor of edge ${edges.indexOf(edge) + 1}`
  }
  const take = (line: string) => {
    const news = VisitNews.parse(JSON.parse(line))
    answered += news.answered
    for (const { token, server, edge, begunMs, endedMs } of news.acknowledged) {
      const times = { begunMs: begunMs - clock, atMs: endedMs - clock }
      acknowledged.push({
        ...{ n: acknowledged.length + 1, token, server, edge, asker: askerAt(edge), ...times },
      })
    }
    for (const one of news.failed)
      failed.push({
        ...one,
        ...{ begunMs: one.begunMs - clock, endedMs: one.endedMs - clock },
        ...{ asker: askerAt(one.edge), outcome: `${one.kind}: ${one.reason}` },
      })
  }
  return {
    acknowledged,
    failed,
    answered: () => answered,
    visit: async (from, edges, until) => {
      const signal = until === undefined ? stopping.signal : AbortSignal.any([stopping.signal, until])
      const app = await place.app()
      const addresses = edges.map(({ address }) => address)
      const wanted = { addresses, name: nameOf(place, app), again: writing === 'again' }
      const visit = async () => {
        const { exitCode, stderr } = await place.visit(from, wanted, signal, take)
        if (exitCode !== 0 && !signal.aborted)
          place.say(`The visitors at ${from} have ended: ${stderr.trim().split('\n').at(-1)}`)
      }
      visits.push(visit())
    },
    findLost: () => findLost(place, acknowledged),
    stop: async () => {
      stopping.abort()
      // What visitors could not say because their host went away is no failure of the drill.
      await Promise.allSettled(visits)
    },
  }
}

/** The name by which an app is visited. */
export const nameOf = ({ installation }: Pick<HostsPlace, 'installation'>, app: string): string =>
  `${app}.${installation.domain}`

async function findLost(place: HostsPlace, acknowledged: readonly AcknowledgedRow[]): Promise<number[]> {
  const app = await place.app()
  for (const host of place.hosts.filter(({ full }) => full)) {
    const kept = await askEdge(place, host, nameOf(place, app), '/tokens')
    if (kept === undefined) continue
    const tokens = new Set(kept.split('\n'))
    return acknowledged.filter(({ token }) => !tokens.has(token)).map(({ n }) => n)
  }
  throw new Error('the app tells at no edge which rows it has')
}

/** What an edge answers to somebody between the data centres, whole and with success; `more` is told to curl. */
export async function askEdge(
  place: Pick<HostsPlace, 'run'>,
  { address }: LabHost,
  name: string,
  path: string,
  more: readonly string[] = [],
): Promise<string | undefined> {
  const to = ['--resolve', `${name}:443:${address}`, '--max-time', '5']
  const argv = ['curl', '--silent', '--fail', '--insecure', ...to, ...more, `https://${name}${path}`]
  const { exitCode, stdout } = await place.run(CLIENT, argv)
  return exitCode === 0 ? stdout : undefined
}
