import type { HostsDrill, Stages } from './drill.ts'
import { faultOfHosts, SET_UP, TAKE_OVER_MEASURES, type TakeOverMeasure } from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { somePrimary } from './hosts/pair-lead.ts'
import { judgeTakeOver } from './hosts/take-over.ts'

/** The primary's data centre lives on but hears nobody; on both sides there are visitors. */
export const dataCentreCut: HostsDrill<TakeOverMeasure> = {
  name: 'data-centre-cut',
  promises: ['REC-3', 'REC-2', 'BAK-2'],
  needs: 'hosts',
  summary:
    'Cut the data centre of the database’s primary off from all the others while visitors write on both sides',
  harmless: false,
  setUp: `${SET_UP} They are on both sides of the line that will be cut.`,
  fault:
    'The line of the primary’s data centre is cut, and mended when writes go on elsewhere. Silence and failed requests count on the side that goes on.',
  measures: TAKE_OVER_MEASURES,
  expectedS: 75,
  begin,
}

function begin(place: HostsPlace): Stages<TakeOverMeasure> {
  const story = faultOfHosts(place)
  let alone: LabHost | undefined
  const others = () => place.hosts.filter((one) => one.full && one.dataCentre !== alone?.dataCentre)
  const mend = async () => {
    if (alone !== undefined) await place.heal(alone.dataCentre)
  }
  return {
    setUp: async () => {
      await story.ready()
      alone = await place.hostOf(await somePrimary(place))
      await story.visit(others())
      // On the side that loses: what it still acknowledges has to be there afterwards.
      await story.visitInside(alone)
      await story.underWay()
    },
    fault: () => story.strike(async () => place.cut(alone?.dataCentre ?? '')),
    measure: () =>
      judgeTakeOver(
        story,
        others(),
        { label: 'line mended', repair: mend },
        {
          where: 'on the side that went on ',
          since: 'the line was mended',
        },
      ),
    cleanUp: async () => {
      await mend()
      await story.cleanUp()
    },
  }
}
