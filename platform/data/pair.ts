import type { PairMember, PairStatus } from '#contract/platform.ts'
import {
  type PatroniChange,
  type PatroniMember,
  readCluster,
  readHistory,
} from '#runtime/drivers/patroni-client.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

const MOST_CHANGES = 10
const DATABASE_MS = 1000

/** Names the drill during which something happened, if there was one. */
type DrillAt = (at: Date) => Promise<string | undefined>

/** The pair as its members describe it; a control plane whose database is away still says what Patroni says. */
export async function loadPair({ config, now }: ServerDeps, drillAt: DrillAt): Promise<PairStatus> {
  const [members, history] = await Promise.all([
    readCluster(config.patroni, config.patroniCa),
    readHistory(config.patroni, config.patroniCa),
  ])
  const changes = await Promise.all(
    latestChanges(history ?? []).map(async (change) => ({
      ...change,
      drill: (await askInTime(drillAt(new Date(change.at)))) ?? null,
    })),
  )
  return {
    at: now().toISOString(),
    answers: members !== undefined,
    members: describeMembers(members ?? []),
    changes,
  }
}

/** While the database changes hands, what Patroni says must not wait for it. */
const askInTime = async <T>(answer: Promise<T>): Promise<T | undefined> =>
  await Promise.race([answer.catch(() => undefined), pause(DATABASE_MS).then(() => undefined)])

const ROLES: Readonly<Record<string, PairMember['role']>> = {
  leader: 'primary',
  sync_standby: 'synchronous standby',
  quorum_standby: 'synchronous standby',
  replica: 'standby',
}

/** In the order of their names, so that nobody jumps about when the roles change. */
export const describeMembers = (members: readonly PatroniMember[]): PairMember[] =>
  members
    .map(({ name, role, state, lag }) => ({
      member: name,
      role: ROLES[role] ?? 'other',
      state,
      lagBytes: typeof lag === 'number' ? lag : null,
    }))
    .sort((one, other) => one.member.localeCompare(other.member))

/** Changes that have a time, the latest first. Each line of the history is about the timeline that ended there. */
export function latestChanges(
  history: readonly PatroniChange[],
): Array<{ at: string; primary: string | null; timeline: number }> {
  return history
    .flatMap(({ timeline, at, leader }) => {
      const date = new Date(at ?? '')
      if (Number.isNaN(date.getTime())) return []
      return [{ at: date.toISOString(), primary: leader, timeline: timeline + 1 }]
    })
    .reverse()
    .slice(0, MOST_CHANGES)
}
