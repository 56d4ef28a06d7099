import type { HostsDrill, Stages } from './drill.ts'
import {
  faultOfHosts,
  LOST,
  measureTakeOver,
  PLAIN,
  SET_UP,
  SILENCE,
  TAKE_OVER_MEASURES,
  type TakeOverMeasure,
  tellFailedAfter,
  WHOLE,
} from './hosts/fault-of-hosts.ts'
import type { HostsPlace, LabHost } from './hosts/hosts-place.ts'
import { somePrimary } from './hosts/pair-lead.ts'

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
    measure: async () => {
      await story.takenOver(others())
      const wholeS = await story.repaired('line mended', mend)
      const taken = measureTakeOver(story, others())
      const { values, figures, ledger } = await story.sumUp(wholeS)
      return {
        values: { ...values, ...taken },
        result: `Of ${ledger.entries.length} acknowledged writes ${values[LOST]} were lost; on the side that went on no write was acknowledged for ${taken[SILENCE]} s, new requests without a database failed for ${taken[PLAIN]} s, ${tellFailedAfter(story, others())}; ${values[WHOLE]} s after the line was mended all was whole.`,
        figures,
        ledger,
      }
    },
    cleanUp: async () => {
      await mend()
      await story.cleanUp()
    },
  }
}
