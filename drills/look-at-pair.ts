import { HOME } from '#contract/installation.ts'
import type { ConnectMember, Doors } from './ledger-doors.ts'

const ANSWER_MS = 1000

/** The members by what they are now. */
export interface Pair {
  readonly primary: string
  readonly standby: string
}

/** Who is who, as the members themselves say. */
export async function findPair({ members }: Doors): Promise<Pair> {
  const standby = await Promise.all(members.map(isStandby))
  const names = members.map((_, index) => HOME.postgres(index + 1))
  const [primaries, standbys] = [false, true].map((one) => names.filter((_, index) => standby[index] === one))
  const [primary, copy] = [primaries?.[0], standbys?.[0]]
  if (primary === undefined || copy === undefined) throw new Error('the pair has no primary and standby')
  return { primary, standby: copy }
}

/** Who takes writes now; undefined while nobody says so. A member that does not answer does not count. */
export async function findPrimary({ members }: Doors): Promise<string | undefined> {
  const standby = await Promise.all(members.map((connect) => isStandby(connect).catch(() => undefined)))
  const leads = standby.indexOf(false)
  return leads < 0 ? undefined : HOME.postgres(leads + 1)
}

async function isStandby(connect: ConnectMember): Promise<boolean | undefined> {
  const client = await connect(ANSWER_MS)
  try {
    const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
    return rows[0]?.standby
  } finally {
    await client.end()
  }
}

const LIVE_COPIES = `SELECT concat_ws(' ', inet_server_addr(), pid, backend_start) AS copy FROM pg_stat_replication
  WHERE state = 'streaming' AND sync_state = 'sync' AND NOT pg_is_in_recovery()`

/** Where a standby confirms writes now, as the members themselves say; one that does not answer says nothing. */
export async function liveCopies(doors: Doors): Promise<string[]> {
  const found = doors.members.map(async (connect) => {
    const client = await connect(ANSWER_MS)
    try {
      return (await client.query<{ copy: string }>(LIVE_COPIES)).rows.map(({ copy }) => copy)
    } finally {
      await client.end().catch(() => {})
    }
  })
  return (await Promise.all(found.map((one) => one.catch(() => [])))).flat()
}
