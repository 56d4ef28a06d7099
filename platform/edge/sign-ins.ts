import { ACCOUNT_LIMITS, accountRoutes } from '#contract/accounts.ts'
import { MaruError } from '#contract/errors.ts'
import { GUARD_LIMITS } from '#contract/guard.ts'
import { tableRows } from './stick-table.ts'

/** The stick table in which the edge counts who fails to sign in. */
const TABLE = 'sign-ins'
const WINDOW_S = ACCOUNT_LIMITS.loginWindowS
/** The control plane decodes a path before it looks for its route: so does the edge. */
const PATHS = [accountRoutes.login.path, accountRoutes.signIn.path]

/**
 * Counts sign-ins that the control plane refused (gpc0), by source, whoever it tried to be. After too many further ones are answered
 * here, and counted (gpc1); so they are until the second in gpt0, which the agent sets. An IPv6 customer has a whole network.
 */
export function signInRules(backend: string): string[] {
  const isSignIn = '{ var(txn.sign_in) -m bool }'
  const isTurned = '{ var(txn.turned_s) -m int gt 0 }'
  const body = `${JSON.stringify(new MaruError('accounts.source_turned_away').toBody())}\\n`
  return [
    `http-request set-var(txn.sign_in) bool(true) if METH_POST { var(txn.backend) -m str ${backend} } { path,url_dec -m str ${PATHS.join(' ')} }`,
    `http-request track-sc2 src,ipmask(32,64) table ${TABLE} if ${isSignIn}`,
    `http-request set-var(txn.now) date() if ${isSignIn}`,
    `http-request set-var(txn.turned_s) sc_get_gpt0(2),sub(txn.now) if ${isSignIn}`,
    `http-request set-var(txn.turned_s) int(${WINDOW_S}) if ${isSignIn} !${isTurned} { sc_gpc0_rate(2) ge ${GUARD_LIMITS.failedSignIns} }`,
    `http-request sc-inc-gpc1(2) if ${isTurned}`,
    `http-request return status 429 content-type "application/json; charset=utf-8" hdr Retry-After "%[var(txn.turned_s)]" hdr Cache-Control no-store string ${quoted(body)} if ${isTurned}`,
    `http-response sc-inc-gpc0(2) if ${isSignIn} { status 401 429 }`,
  ]
}

/** HAProxy takes what stands in double quotes with these escaped; JSON has nothing else that it would read. */
const quoted = (text: string) => `"${text.replaceAll(/["$]|\\(?!n$)/g, '\\$&')}"`

/** What a HAProxy and the one that takes its place call each other. */
export const SUCCESSOR = 'successor'

/**
 * The table, and how a HAProxy that ends teaches it to the one after it, over a socket that only they can open: the section has no
 * other peer (https://docs.haproxy.org/3.0/configuration.html#3.7). A member stays for a day: as long as somebody is turned away at most.
 */
export const signInSections = (socket: string) => [
  { head: `peers ${SUCCESSOR}`, lines: [`bind ${socket} mode 600`, `server ${SUCCESSOR}`] },
  {
    head: `backend ${TABLE}`,
    lines: [
      `stick-table type ipv6 size 100k expire ${GUARD_LIMITS.holdOftenS}s store gpt0,gpc0,gpc0_rate(${WINDOW_S}s),gpc1,gpc1_rate(${WINDOW_S}s) peers ${SUCCESSOR}`,
    ],
  },
]

/** Somebody who failed to sign in too often, or is turned away. */
export interface Guesser {
  readonly address: string
  /** Sign-ins that failed within the window, and those that were turned away. */
  readonly failed: number
  readonly turnedAway: number
  /** For how many more seconds he is turned away by order; 0: he is not. */
  readonly leftS: number
}

/** Asks for those who guess, or are turned away. */
export const SHOW_GUESSERS = [`gpc0_rate ge ${GUARD_LIMITS.failedSignIns}`, 'gpt0 gt 0'].map(
  (which) => `show table ${TABLE} data.${which}`,
)

/** What turns a source away for so long, 0: lets it in. */
export function turnAwayCommand(address: string, leftS: number, now: number): string {
  const until = leftS === 0 ? 0 : Math.ceil(now / 1_000) + leftS
  const key = address.includes(':') ? address : `::ffff:${address}`
  const counts = ['gpc0', 'gpc0_rate', 'gpc1', 'gpc1_rate'].map((name) => `data.${name} 0`).join(' ')
  return `set table ${TABLE} key ${key} data.gpt0 ${until} ${counts}`
}

/** Reads what HAProxy shows of the table. */
export const parseGuessers = (shown: string, now: number): Guesser[] =>
  tableRows(shown, TABLE).map(({ address, number }) => ({
    ...{ address, failed: number('gpc0_rate'), turnedAway: number('gpc1_rate') },
    leftS: Math.max(0, number('gpt0') - Math.floor(now / 1_000)),
  }))
