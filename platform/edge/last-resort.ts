import { SUCCESSOR } from './sign-ins.ts'

/** The stick table in which the edge remembers, by backend, which server answered last without an error of its own. */
const TABLE = 'answered'
const KEY = `be_name table ${TABLE}`

/**
 * Checks can go unanswered on a busy machine while requests are still served. When they have taken every server of a backend away,
 * its requests go to the one that answered last, and are turned away only when it does not take them: an app that answers is never
 * shut by checks alone. Other load balancers know this as failing open, or as panic mode.
 */
export const LAST_RESORT = [
  `stick store-response ${KEY} if { status lt 500 }`,
  `stick match ${KEY} if { nbsrv eq 0 }`,
  // To a server that is down by its checks, too; one that does not take the connection is given up at once.
  'option persist',
]

/** The table as a section; the HAProxy that takes over is taught it. */
export const lastResortSection = () => ({
  head: `backend ${TABLE}`,
  lines: [`stick-table type string len 64 size 20k expire 10s peers ${SUCCESSOR}`],
})
