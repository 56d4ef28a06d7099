import {
  type Incident,
  type IncidentAccount,
  type IncidentEntry,
  isName,
  whoWords,
} from '#contract/detection.ts'
import { type EventKind, GUARD_LIMITS } from '#contract/guard.ts'
import { parseNetwork } from '#contract/networks.ts'
import { EDGE_LIMITS } from '#platform/edge/index.ts'
import { ruleOf } from './rules.ts'

/** How each kind is called in a title, after who did it. */
const DEEDS: Readonly<Record<EventKind, string>> = {
  scan: 'searched for open ports',
  malformed: 'sent malformed packets',
  flood: 'flooded the hosts with connections',
  exhaustion: 'took up more connections or requests than anybody needs',
  'memory full': 'asked for so much that a host could not remember all of it',
  'distributed scan': 'searched for open ports with many addresses',
  engagement: 'tested as agreed',
  'instance scan': 'searched the network from inside',
  spoofing: 'forged addresses',
  'password guessing': 'guessed passwords',
  'black hole': 'was taken off the net at its provider',
  'flow rule': 'has a part of its traffic dropped at its provider',
  'web probe': 'looked for forgotten files',
  'web attack': 'attacked apps by requests',
  'break-in': 'got what only insiders should see',
  outbound: 'spoke to suspicious places outside',
  'plaintext password': 'sent passwords unencrypted',
  'protocol anomaly': 'spoke something else than its port is for',
  'detector check': 'tried the detector',
}

const DID: Readonly<Partial<Record<EventKind, string>>> = {
  scan: 'It was held: of these hosts it reached nothing but the platform’s two ports and what it had proven before.',
  malformed:
    'The malformed packets were dropped; one of them alone holds nobody, because its sender can be forged.',
  flood:
    'What came above the limits was dropped, but for opening packets of many senders together: those the kernel answers without memory, so that visitors get in.',
  exhaustion: `What was above its share was refused: connections, and requests, which were answered with 429. Requests to the platform’s ports that did not end were cut off after ${EDGE_LIMITS.requestTimeoutS} seconds.`,
  'memory full':
    'Nothing was opened by that: closed ports and what no rule allows stayed shut, and what was open went on.',
  'distributed scan':
    'Closed ports stayed silent. Whoever asked for enough by himself was held; nobody is for being one of many, because any of the addresses can be forged.',
  'instance scan': 'The instance opens no connections to new places for a while.',
  'password guessing': `After ${GUARD_LIMITS.failedSignIns} failures within 15 minutes no more sign-ins were taken from there; who was signed in, tokens and apps were not touched.`,
  spoofing: 'None of the forged packets got further than the port or the card that it came in by.',
  'black hole':
    'Providers were asked to drop everything to the address, attackers’ and visitors’ alike; that ends by itself.',
  'flow rule':
    'Providers were asked to drop that part of the traffic, whoever sends it; that ends by itself.',
}
const CAN_DO: Readonly<Partial<Record<EventKind, readonly string[]>>> = {
  exhaustion: [
    'Many people can share an address, as in an office, a mobile network or behind a proxy: then some of them may have been refused, too. If it is one of yours, have it open fewer connections; `maru network partner add` ends these reports, not the limit.',
  ],
  'distributed scan': [
    'See with `maru network blocks` who of them is held. Do not block all the others: decoys are addresses of people who know nothing of it.',
  ],
  'password guessing': [
    'See whose accounts it tried with `maru audit --action accounts. --result refused`, and whether it got in after all with `--result done`.',
    'Many people can share an address: if it was one of your offices, let it in with `maru network blocks lift`.',
  ],
}
const LOGGED = 'The requests went to the apps: the detector reads and tells, it holds nothing back.'
const SENT = 'What the app sent was not held back; it reached only what a rule of the network allows it.'

/** The worst first: titles name it. */
const WEIGHT: readonly EventKind[] = [
  'break-in',
  'outbound',
  'spoofing',
  'instance scan',
  'web attack',
  'black hole',
  'flow rule',
  'flood',
  'exhaustion',
  'memory full',
  'password guessing',
  'scan',
  'malformed',
  'distributed scan',
  'plaintext password',
  'protocol anomaly',
  'web probe',
  'engagement',
  'detector check',
]

const inWeight = (kinds: readonly EventKind[]) => WEIGHT.filter((kind) => kinds.includes(kind))

/** Who did it, at the beginning of a sentence; an address stays as it is. */
function nameOf(who: string): string {
  const words = whoWords({ who })
  return words === who ? who : `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
}

function deedOf(who: string, kind: EventKind): string {
  if (who === 'many' && kind === 'distributed scan') return 'searched for open ports together'
  if (isName(who) && kind === 'memory full') return 'has more addresses than a host could remember'
  return DEEDS[kind]
}

/** One line for a list. */
export function titleOf({ who, kinds }: Pick<Incident, 'who' | 'kinds'>): string {
  const [first = 'malformed', ...others] = inWeight(kinds)
  const more =
    others.length === 0
      ? ''
      : `, and ${others.length === 1 ? deedOf(who, others[0] ?? first) : `did ${others.length} other things`}`
  return `${nameOf(who)} ${deedOf(who, first)}${more}`
}

/** An incident as it is told to people who were not there. */
export function tellIncident(
  incident: Incident,
  entries: readonly IncidentEntry[],
): Pick<IncidentAccount, 'account' | 'did' | 'canDo'> {
  return { account: accountOf(incident, entries), did: didOf(entries), canDo: canDoOf(incident, entries) }
}

function accountOf(incident: Incident, entries: readonly IncidentEntry[]): string {
  const { who, kinds, hosts, apps, openedAt, lastAt, state, count } = incident
  const deeds = inWeight(kinds).map((kind) => deedOf(who, kind))
  const targets = [...new Set(entries.flatMap(({ target_app }) => target_app ?? []))]
  const times = count === 1 ? 'Once' : `${count} times in all`
  const meanings = [
    ...new Set(entries.flatMap(({ rule }) => (rule === null ? [] : (ruleOf(Number(rule))?.means ?? [])))),
  ]
  // Each says how many there were by then.
  const last = entries.findLast(({ kind }) => kind === 'distributed scan' || isName(who))
  return [
    `${whenOf(openedAt, lastAt)} ${nameOf(who)} ${listed(deeds)}.`,
    `${times}, noticed on ${listed(hosts)}${targets.length === 0 ? '' : `; aimed at the app${targets.length === 1 ? '' : 's'} ${listed(targets)}`}.`,
    last?.message ?? '',
    ...meanings.slice(0, 4),
    apps.length > 0 && targets.length === 0 && !who.startsWith('app:')
      ? `Apps concerned: ${listed(apps)}.`
      : '',
    state === 'open' ? 'It goes on.' : 'It is over: nothing more came for half an hour.',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

/** From when to when, as short as it can be said. */
function whenOf(first: string, last: string): string {
  const [day, time] = dayAndTime(first)
  const [lastDay, lastTime] = dayAndTime(last)
  if (day !== lastDay) return `From ${day} ${time} to ${lastDay} ${lastTime} UTC`
  return time === lastTime ? `On ${day} at ${time} UTC` : `On ${day} from ${time} to ${lastTime} UTC`
}

const dayAndTime = (at: string) => [at.slice(0, 10), at.slice(11, 19)] as const

function didOf(entries: readonly IncidentEntry[]): string[] {
  const sentences = entries.map(({ kind, disposition, app }) =>
    disposition === 'Blocked' ? (DID[kind] ?? '') : (DID[kind] ?? (app === null ? LOGGED : SENT)),
  )
  return [...new Set(sentences)].filter((sentence) => sentence !== '')
}

function canDoOf({ who, state, kinds }: Incident, entries: readonly IncidentEntry[]): string[] {
  if (kinds.includes('black hole') || kinds.includes('flow rule'))
    return [
      `See what is dropped with \`maru network upstream\`; let it through again with \`maru network upstream withdraw ${who}\`.`,
    ]
  const asked = [...new Set(entries.map(({ kind }) => kind))].flatMap((kind) => CAN_DO[kind] ?? [])
  const advice = entries.flatMap(({ rule }) => (rule === null ? [] : (ruleOf(Number(rule))?.advice ?? [])))
  const own = who.startsWith('app:')
    ? [
        `See what it may reach with \`maru network rules\`, and what it prints with \`maru logs ${who.slice(4)}\`.`,
      ]
    : state === 'open' && parseNetwork(who) !== undefined
      ? [
          `Keep it out of every host: \`maru network blocks add ${who} --for 24h --reason "…"\`. All behind that address are kept out with it.`,
        ]
      : []
  return [...new Set([...advice, ...asked, ...own])]
}

function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts[0] ?? 'nothing'
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
