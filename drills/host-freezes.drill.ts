import type { HostsDrill, Stages } from './drill.ts'
import {
  faultOfHosts,
  SET_UP,
  TAKE_OVER_MEASURES,
  type TakeOverMeasure,
  visitAll,
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { somePrimary } from './hosts/pair-lead.ts'
import { leadStoreAwayFrom } from './hosts/store-leader.ts'
import { judgeTakeOver } from './hosts/take-over.ts'

/**
 * The machine with the primary stops in the middle of everything and goes on later, as a paused virtual machine does. It does not
 * know that it was away: its connections are open, its primary takes itself for the one that leads, and visitors have asked it.
 */
export const hostFreezes: HostsDrill<TakeOverMeasure> = {
  name: 'host-freezes',
  promises: ['REC-1', 'REC-2', 'BAK-2'],
  needs: 'hosts',
  summary:
    'Freeze the host of the database’s primary while visitors write, at its own edge too, and let it go on later',
  harmless: false,
  setUp: `${SET_UP} They ask the host that will freeze, too. The store is led from another host, as the agents keep it.`,
  fault:
    'Every process of the host with the primary stops where it is, its connections stay open; all goes on when writes go on elsewhere. Silence and failed requests count at the other edges.',
  measures: TAKE_OVER_MEASURES,
  expectedS: 90,
  begin,
}

function begin(place: HostsPlace): Stages<TakeOverMeasure> {
  const story = faultOfHosts(place)
  let frozen: LabHost | undefined
  const others = () => place.hosts.filter(({ full, name }) => full && name !== frozen?.name)
  const thaw = async () => {
    if (frozen !== undefined) await place.thaw(frozen.name)
  }
  return {
    setUp: async () => {
      await leadStoreAwayFrom(place, (await place.hostOf(await somePrimary(place))).name)
      await visitAll(place, story)
    },
    fault: async () => {
      const host = await place.hostOf(await somePrimary(place))
      frozen = host
      await story.strike(() => place.freeze(host.name))
    },
    measure: () =>
      judgeTakeOver(
        story,
        others(),
        { label: 'host goes on', repair: thaw },
        {
          where: 'at the other edges ',
          since: 'the host went on',
          late: true,
        },
      ),
    cleanUp: async () => {
      await thaw()
      await story.cleanUp()
    },
  }
}
