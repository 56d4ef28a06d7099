import { withLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { besideLimit, joinFound, measureDrills, SEEN } from './drill-figures.ts'
import { figureOf } from './report.ts'

const DRILLS = [
  'database-hands-over',
  'database-primary-dies',
  'database-container-dies',
  'database-two-faults',
  'database-primary-freezes',
  'database-primary-cut-off',
  'database-primary-cannot-write',
  'database-disk-full',
  'database-standby-dies',
  'database-clock-jumps',
]
/** Three hosts with a platform on them, from images that are there. */
const UP_S = 150

/** How long the database is away when its two servers are in two data centres. */
export const pairApart: Benchmark = {
  name: 'pair-apart',
  title: 'Failover of the database, its servers in two data centres',
  method:
    'A lab of two data centres and a witness on this one machine, made for this from images that are there, with the platform. The drills of the database pair, once each: a fault under an app that writes, until writes are acknowledged again and the pair is whole. What each of them does is on its own page under drills/. The three hosts share two cores.',
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    const since = performance.now()
    return await withLab(place, ['--witness'], async (home) => {
      const upS = (performance.now() - since) / 1000
      const up = figureOf('three hosts and the platform on them are up', SEEN, 's', [upS])
      const drills = await measureDrills(place, DRILLS, home)
      return joinFound({ figures: besideLimit(up, UP_S), missing: [] }, drills)
    })
  },
}
