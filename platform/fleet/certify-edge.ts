import { EDGE_REQUESTS_PER_CALL } from '#contract/edge-certificates.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { authorityOf, membershipOf } from './agents.ts'
import { findMember } from './store.ts'
import { certificatesWantedBy } from './tables.ts'

type Deps = Pick<ServerDeps, 'config' | 'db' | 'log' | 'hub'>

/** A ring can be lost with the connection that carried it: so often one looks without. */
const LOOK_EVERY_MS = 15_000
/** The host that signs may hear of a new app a moment after the one that asks. */
const RETRY_FIRST_MS = 250

export interface EdgeCertified {
  readonly signed: number
  /** Names that the host that signs does not know yet, or that are nobody's. */
  readonly refused: readonly string[]
}

/** Brings a joined host's edge its certificates, for as long as the host is there. */
export async function keepEdgeCertified(
  deps: Deps,
  host: HostName,
  signal: AbortSignal,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<void> {
  const bell = deps.hub.bell(certificatesWantedBy(host))
  let complaint = ''
  let retryMs = RETRY_FIRST_MS
  while (!signal.aborted) {
    const trouble = await tryOnce(deps, host, signal)
    // One line for each trouble, until it is another one.
    if (trouble !== '' && trouble !== complaint && !signal.aborted)
      deps.log.warn('fleet.edge_not_certified', { host, trouble })
    complaint = trouble
    await bell.wait(trouble === '' ? lookEveryMs : retryMs, signal)
    retryMs = trouble === '' ? RETRY_FIRST_MS : Math.min(LOOK_EVERY_MS, 2 * retryMs)
  }
  bell.close()
}

/** What was left over, in words. */
async function tryOnce(deps: Deps, host: HostName, signal: AbortSignal): Promise<string> {
  try {
    const { signed, refused } = await certifyEdge(deps, host, signal)
    if (signed > 0) deps.log.info('fleet.edge_certified', { host, signed })
    return refused.length === 0 ? '' : `no app has the name ${refused.join(', ')}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Carries all requests of a host's edge to the authority, and the certificates back. Who carries them decides nothing. */
export async function certifyEdge(
  deps: Pick<Deps, 'config' | 'db'>,
  host: HostName,
  signal: AbortSignal,
): Promise<EdgeCertified> {
  const row = await read(() => findMember(deps.db, host))
  const refused: string[] = []
  let signed = 0
  if (row === undefined || row.is_first || row.role === 'witness') return { signed, refused }
  const membership = membershipOf(deps, row, signal)
  let after = ''
  for (;;) {
    const requests = await membership.edgeRequests(after)
    if (requests.length === 0) return { signed, refused }
    const answer = await authorityOf(deps, signal).signForEdge({ host, requests })
    if (answer.certificates.length > 0) signed += await membership.setEdgeCertificates(answer.certificates)
    refused.push(...answer.refused)
    after = requests.at(-1)?.purpose ?? ''
    if (requests.length < EDGE_REQUESTS_PER_CALL) return { signed, refused }
  }
}
