import { sql } from 'kysely'
import type { Finding } from '#platform/trust/index.ts'
import { type PatroniMember, readCluster } from '#runtime/drivers/patroni-client.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'

/** A standby that streams is rarely behind at all; more than this is not a live copy. */
const MOST_LAG_BYTES = 16 * 1024 * 1024

/** Whether the pair is whole: a primary, and a standby that has every acknowledged write. */
export async function lookAtPair({ config, db }: ServerDeps): Promise<Finding> {
  const members = await readCluster(config.patroni, config.patroniCa)
  if (members === undefined) return { passed: false, summary: 'No member of the pair answers.', facts: [] }
  const { rows } = await read(() =>
    sql<PairSettings>`select current_setting('synchronous_commit') as commit,
      current_setting('synchronous_standby_names') as standbys,
      has_database_privilege('rewind', 'postgres', 'CONNECT') as rewinds`.execute(db),
  )
  const problems = judgePair(members, rows[0])
  const lag = members.map((member) => member.lag).find((bytes) => typeof bytes === 'number')
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'One primary, and one standby that confirms every write before it is acknowledged.'
        : problems.join(' '),
    facts: [
      ...members.map(({ role, state }) => ({ name: role, value: state })),
      { name: 'Standby behind by', value: lag === undefined ? 'unknown' : `${lag} bytes` },
    ],
  }
}

/** What the server itself says about the pair. */
export interface PairSettings {
  readonly commit: string
  readonly standbys: string
  /** Whether a member that was ahead when it died can be set back to where its copy is. */
  readonly rewinds: boolean
}

/** Every acknowledged write waits for the standby only when the server is told so and the standby streams. */
export function judgePair(members: readonly PatroniMember[], settings: PairSettings | undefined): string[] {
  const leaders = members.filter(({ role, state }) => role === 'leader' && state === 'running')
  const standby = members.find(({ role, state }) => role === 'sync_standby' && state === 'streaming')
  const lag = typeof standby?.lag === 'number' ? standby.lag : undefined
  return [
    ...(leaders.length === 1 ? [] : [`${leaders.length} members are the primary instead of one.`]),
    ...(standby === undefined ? ['No standby confirms writes.'] : []),
    ...(standby !== undefined && (lag === undefined || lag > MOST_LAG_BYTES)
      ? ['The standby is too far behind.']
      : []),
    ...(['on', 'remote_apply'].includes(settings?.commit ?? '') && settings?.standbys !== ''
      ? []
      : ['Writes are acknowledged without waiting for the standby.']),
    ...(settings?.rewinds === true ? [] : ['A primary that died could not rejoin as the standby.']),
  ]
}
