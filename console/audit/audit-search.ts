import { ActResult } from '#contract/audit.ts'

/** What of the log is shown: the part of the page's address after the question mark. */
export interface AuditSearch {
  readonly who?: string
  readonly action?: string
  readonly on?: string
  readonly result?: ActResult
  /** First and last day, UTC. */
  readonly from?: string
  readonly to?: string
  /** Only what is older than this id: a page of the log. */
  readonly before?: number
}

/** Acts on a page. */
export const PAGE = 50
const DAY = /^\d{4}-\d\d-\d\d$/
const DAY_MS = 86_400_000

/** What can't be understood is left out. The router reads `?who=12` as a number. */
export function parseAuditSearch(search: Record<string, unknown>): AuditSearch {
  const text = (name: 'who' | 'action' | 'on') => {
    const value = search[name]
    const said = value === undefined || value === null ? '' : String(value).trim()
    return said === '' ? {} : { [name]: said }
  }
  const day = (name: 'from' | 'to') => {
    const value = String(search[name])
    return DAY.test(value) && !Number.isNaN(Date.parse(value)) ? { [name]: value } : {}
  }
  const result = ActResult.safeParse(search.result)
  const before = Number(search.before)
  return {
    ...{ ...text('who'), ...text('action'), ...text('on'), ...day('from'), ...day('to') },
    ...(result.success ? { result: result.data } : {}),
    ...(Number.isSafeInteger(before) && before > 0 ? { before } : {}),
  }
}

/** What the API is asked: one more than a page has tells whether there is another. */
export function auditQueryOf({ from, to, ...rest }: AuditSearch) {
  const since = from === undefined ? {} : { since: new Date(from).toISOString() }
  const until = to === undefined ? {} : { until: new Date(Date.parse(to) + DAY_MS).toISOString() }
  return { ...rest, ...since, ...until, limit: PAGE + 1 }
}
