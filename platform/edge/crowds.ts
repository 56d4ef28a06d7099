import { EDGE_LIMITS } from './limits.ts'
import { tableRows } from './stick-table.ts'

/** The stick table in which the edge counts what comes from where. */
const TABLE = 'sources'
const LIMITS = EDGE_LIMITS

/**
 * What is counted of a source beside its connections and requests. `show table` selects by the first only, so whatever is refused
 * counts there, too.
 */
const REFUSED = 0
const TOO_MANY = 1
const TOO_FAST = 2
const TOO_OFTEN = 3
/** Requests that were read to the end of their headers: HAProxy's own count has those in it that were not. */
const READ = 4

/**
 * Caps by source, in both frontends, and a count of what they refuse. An IPv6 customer has a whole network. What runs on the host is
 * no crowd; the host's own networks begin with `subnet`.
 */
export function crowdRules(subnet: string): string[] {
  const tooMany = `{ sc0_conn_cur gt ${LIMITS.connectionsPerSource} }`
  const tooFast = `{ sc0_conn_rate gt ${LIMITS.newConnectionsPerSource} } !own_source`
  const tooOften = `{ sc0_http_req_rate gt ${LIMITS.requestsPerSource} } !own_source`
  return [
    `tcp-request connection track-sc0 src,ipmask(32,64) table ${TABLE}`,
    `acl own_source src 127.0.0.0/8 ::1 ${subnet}.0.0/16`,
    ...count('tcp-request connection', TOO_MANY, tooMany),
    `tcp-request connection reject if ${tooMany}`,
    ...count('tcp-request connection', TOO_FAST, tooFast),
    `tcp-request connection reject if ${tooFast}`,
    `http-request sc-inc-gpc(${READ},0)`,
    ...count('http-request', TOO_OFTEN, tooOften),
    `http-request return status 429 content-type text/plain string "Too many requests from your address\\n" hdr Retry-After 10 if ${tooOften}`,
  ]
}

const count = (rules: string, counter: number, which: string): string[] =>
  [REFUSED, counter].map((one) => `${rules} sc-inc-gpc(${one},0) if ${which}`)

/** The table as a section. Its counts begin anew with each HAProxy, and for a source that was gone for a minute. */
export const crowdSection = () => ({
  head: `backend ${TABLE}`,
  lines: [
    'stick-table type ipv6 size 100k expire 1m store conn_cur,conn_rate(10s),http_req_rate(10s),http_req_cnt,gpc(5)',
  ],
})

/** Somebody of whom something was refused, or who opens many connections; counts since the edge knows the source. */
export interface Crowd {
  readonly address: string
  /** Connections that were refused because it had too many open, or opened them too fast. */
  readonly tooMany: number
  readonly tooFast: number
  /** Requests that were refused because they were too many. */
  readonly tooOften: number
  /** Requests that were begun and not ended in time, or that nobody can read. */
  readonly unended: number
}

/**
 * Asks for those whom it concerns: a table of 100,000 sources is no answer for every few seconds. Each request that does not end costs
 * its connection, so whoever has many of them opens many.
 */
export const SHOW_CROWDS = ['gpc gt 0', `conn_rate ge ${LIMITS.unendedPerSource}`].map(
  (which) => `show table ${TABLE} data.${which}`,
)

/** Reads what HAProxy shows of the table. */
export const parseCrowds = (shown: string): Crowd[] =>
  tableRows(shown, TABLE).map(({ address, number }) => ({
    address,
    tooMany: number(`gpc${TOO_MANY}`),
    tooFast: number(`gpc${TOO_FAST}`),
    tooOften: number(`gpc${TOO_OFTEN}`),
    // A request is counted by HAProxy a moment before it is read.
    unended: Math.max(0, number('http_req_cnt') - number(`gpc${READ}`)),
  }))
