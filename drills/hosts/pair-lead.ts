import { join } from 'node:path'
import type { ServiceName } from '#contract/fleet.ts'
import { platformRoutes } from '#contract/platform.ts'
import { waitUntil } from '../wait-until.ts'
import type { HostsPlace } from './hosts-place.ts'

type PairMember = Extract<ServiceName, `postgres-${number}`>

const HANDED_OVER_S = 60
const HAND_OVER = join(import.meta.dirname, 'hand-over-here.ts')

/** The member of the database pair that leads. */
async function findPrimary(place: HostsPlace): Promise<PairMember> {
  const { members } = await place.ask((client) => client.call(platformRoutes.pair, {}))
  const primary = members.find(({ role, state }) => role === 'primary' && state === 'running')?.member
  if (primary !== 'postgres-1' && primary !== 'postgres-2') throw new Error('the pair has no primary')
  return primary
}

const LOOKED_FOR_S = 15

/** The member that leads; where nobody is known to for a moment, it is asked again. */
export async function somePrimary(place: HostsPlace): Promise<PairMember> {
  let found: PairMember | undefined
  await waitUntil('A primary', { timeoutS: LOOKED_FOR_S, signal: place.signal }, async () => {
    found = await primaryOrNone(place)
    return found !== undefined
  })
  return found ?? (await findPrimary(place))
}

/** Has the lead handed over, as planned work does, where another member has it. */
export async function leadPairFrom(place: HostsPlace, wanted: PairMember): Promise<void> {
  const now = await somePrimary(place)
  if (now === wanted) return
  const { name: host } = await place.hostOf(now)
  const order = { installation: place.installation, leader: now, candidate: wanted }
  const done = await place.run(host, [process.execPath, HAND_OVER, JSON.stringify(order)])
  const wait = { timeoutS: HANDED_OVER_S, signal: place.signal }
  // A hand-over that takes long is told of as one that failed, and ends all the same.
  const said = done.exitCode === 0 ? '' : ` (${(done.stderr || done.stdout).trim()})`
  await waitUntil(
    `${wanted} as the primary${said}`,
    wait,
    async () => (await primaryOrNone(place)) === wanted,
  )
}

const primaryOrNone = (place: HostsPlace) => findPrimary(place).catch(() => undefined)
