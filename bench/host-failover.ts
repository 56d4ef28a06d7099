import { withLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { joinFound, measureDrills } from './drill-figures.ts'
import { measureStockOfHosts, STOCK_METHOD } from './host-stock.ts'

const DRILLS = [
  'hosts-hand-over',
  'host-dies',
  'host-with-etcd-leader-dies',
  'host-freezes',
  'data-centre-cut',
  'cut-three-ways',
  'witness-dies',
  'parts-die-in-turn',
  'host-drained-under-load',
]
/** It needs a host to spare. More hosts than that leave the two cores too little for the rest. */
const SPARING = ['host-replaced-under-load']

/** How long the database is away when a host or a data centre is. */
export const hostFailover: Benchmark = {
  name: 'host-failover',
  title: 'Loss of hosts and data centres',
  method: `A lab of two data centres and a witness on this one machine, with the platform; the app has one instance in each data centre. The drills that take hosts, once each: a fault, or planned work, under an app that writes, until writes are acknowledged again and everything is whole. What each of them does is on its own page under drills/. The hosts share two cores. ${STOCK_METHOD} ${SPARING.join(', ')} is in a lab of two hosts in each data centre.`,
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    const three = await withLab(place, ['--witness'], async (home) => {
      const ours = await measureDrills(place, DRILLS, home)
      return joinFound(ours, await measureStockOfHosts(place, home, ours.figures))
    })
    const five = ['--hosts-per-data-centre', '2', '--witness']
    return joinFound(three, await withLab(place, five, (home) => measureDrills(place, SPARING, home)))
  },
}
