import { type Incident, type IncidentEntry, SEVERITY_NAMES } from '#contract/detection.ts'
import { parseNetwork } from '#contract/networks.ts'

/** How bad it is, in a word. */
export const severityWord = (severity: number): string => SEVERITY_NAMES[severity] ?? String(severity)

/** Whether it goes on, in the words of its account. */
export const stateWord = ({ state }: Pick<Incident, 'state'>): string =>
  state === 'open' ? 'goes on' : 'ended'

/** An attacker whom hosts can shut out; undefined for an app, for a crowd, and where it is the address that was attacked. */
export const attackerOf = ({ who, kinds }: Pick<Incident, 'who' | 'kinds'>): string | undefined =>
  kinds.some((kind) => OF_VICTIMS.includes(kind)) ? undefined : parseNetwork(who)?.text

/** Who such an incident is of is one of the installation's own addresses. */
const OF_VICTIMS: readonly string[] = ['black hole', 'flow rule']

/** A moment, UTC. */
export const momentWords = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`

/** From when to when, as short as it can be said. */
export function spanWords({ openedAt, lastAt }: Pick<Incident, 'openedAt' | 'lastAt'>): string {
  const [from, to] = [momentWords(openedAt), momentWords(lastAt)]
  return from === to ? from : `${from} to ${to}`
}

/** How often something was told of. */
export const timesWords = (count: number): string =>
  count === 1 ? 'once' : `${count.toLocaleString('en')} times`

/** What is said below a thing of an incident: how often, where, whose, and what became of it. */
export function entryWords({ count, host, app, target_app, disposition }: IncidentEntry): string {
  const whose = app ?? target_app ?? null
  return [
    timesWords(count),
    `on ${host}`,
    ...(whose === null ? [] : [`${app === null ? 'at' : 'by'} the app ${whose}`]),
    disposition === 'Blocked' ? 'stopped' : 'only recorded',
  ].join(', ')
}
