import { type Incident, type IncidentEntry, SEVERITY_NAMES } from '#contract/detection.ts'
import { parseNetwork } from '#contract/networks.ts'

/** How bad it is, in a word. */
export const severityWord = (severity: number): string => SEVERITY_NAMES[severity] ?? String(severity)

/** Whether it goes on, in the words of its account. */
export const stateWord = ({ state }: Pick<Incident, 'state'>): string =>
  state === 'open' ? 'goes on' : 'ended'

/** Who it was, as people say it. */
export const whoWords = ({ who }: Pick<Incident, 'who'>): string =>
  who.startsWith('app:') ? `the app ${who.slice(4)}` : who

/** A source that hosts can shut out; undefined for an app, and for a crowd. */
export const sourceOf = ({ who }: Pick<Incident, 'who'>): string | undefined => parseNetwork(who)?.text

/** A moment, UTC. */
export const momentWords = (at: string): string => `${at.slice(0, 19).replace('T', ' ')} UTC`

/** What is said below a thing of an incident: how often, where, whose, and what became of it. */
export function entryWords({ count, host, app, target_app, disposition }: IncidentEntry): string {
  const whose = app ?? target_app ?? null
  return [
    count === 1 ? 'once' : `${count.toLocaleString('en')} times`,
    `on ${host}`,
    ...(whose === null ? [] : [`${app === null ? 'at' : 'by'} the app ${whose}`]),
    disposition === 'Blocked' ? 'stopped' : 'only recorded',
  ].join(', ')
}
