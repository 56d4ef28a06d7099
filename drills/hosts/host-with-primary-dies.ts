import { pause } from '#runtime/kit/pause.ts'
import type { HostsDrill, Stages } from '../drill.ts'
import { NothingProven } from '../not-measured.ts'
import { faultOfHosts, SET_UP, TAKE_OVER_MEASURES, type TakeOverMeasure } from './fault-of-hosts.ts'
import type { HostsPlace } from './hosts-place.ts'
import { leadPairFrom } from './pair-lead.ts'
import { leadStoreFrom, storeLeader } from './store-leader.ts'
import { judgeTakeOver } from './take-over.ts'

/** Where the leader of the cluster's store is when the host dies. */
type LeaderOfStore = 'on the host' | 'elsewhere'

/** The member of the pair that is on the first host, and stays there. */
const PRIMARY = 'postgres-1'
/** So often the lead of the store is brought back to where the drill wants it before it gives up. */
const TRIES = 5

/** The first host dies: with the primary, a control plane and an edge on it, and perhaps the leader of the cluster's store. */
export const hostWithPrimaryDies = (
  about: Pick<HostsDrill, 'name' | 'promises' | 'summary'>,
  leader: LeaderOfStore,
): HostsDrill<TakeOverMeasure> => ({
  ...about,
  needs: 'hosts',
  harmless: false,
  setUp: `${SET_UP} The first host has the database’s primary; the leader of the cluster’s store is ${leader}.`,
  fault:
    'The first host loses all its processes and its link in one moment, and gets its power back when others have taken over.',
  measures: TAKE_OVER_MEASURES,
  expectedS: 120,
  begin: (place) => begin(place, leader),
})

function begin(place: HostsPlace, leader: LeaderOfStore): Stages<TakeOverMeasure> {
  const story = faultOfHosts(place)
  const first = () => place.hosts.find((host) => host.first) ?? missing('a first host')
  const others = () => place.hosts.filter((host) => host.full && !host.first)
  return {
    setUp: async () => {
      await story.ready()
      await leadPairFrom(place, PRIMARY)
      await bringLeader(place, leader)
      await story.ready()
      await story.visit(others())
      await story.underWay()
    },
    fault: () =>
      story.strike(
        () => place.kill(first().name),
        async (primary) => {
          if (primary !== PRIMARY) throw new NothingProven('the primary has left the first host by itself')
          // Somebody may have moved it meanwhile; the kill comes right after it was seen where it should be.
          await bringLeader(place, leader)
        },
      ),
    measure: () =>
      judgeTakeOver(
        story,
        others(),
        { label: 'host started', repair: () => place.start(first().name) },
        {
          since: 'the host had its power back',
        },
      ),
    cleanUp: async () => {
      await story.cleanUp()
      await place.start(first().name)
    },
  }
}

const missing = (what: string): never => {
  throw new Error(`there is no ${what}`)
}

/** Sees to it that the leader of the store is where the drill wants it, right now. */
async function bringLeader(place: HostsPlace, leader: LeaderOfStore): Promise<void> {
  // The first member of the store is on the first host, and stays there.
  for (let tries = 0; tries < TRIES; tries += 1) {
    const isHere = (await storeLeader(place, 'etcd-2')) === 'etcd-1'
    if (isHere === (leader === 'on the host')) return
    await leadStoreFrom(place, leader === 'on the host' ? 'etcd-1' : 'etcd-2')
    await pause(0, place.signal)
  }
  throw new NothingProven(`the leader of the cluster's store does not stay ${leader}`)
}
