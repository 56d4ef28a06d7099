import { withLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { measureDrills } from './drill-figures.ts'

const DRILLS = [
  'hosts-hand-over',
  'host-dies',
  'host-with-etcd-leader-dies',
  'data-centre-cut',
  'cut-three-ways',
  'witness-dies',
]

/** How long the database is away when a host or a data centre is. */
export const hostFailover: Benchmark = {
  name: 'host-failover',
  title: 'Loss of hosts and data centres',
  method:
    'A lab of two data centres and a witness on this one machine, with the platform. The drills that take hosts, once each: a fault under an app that writes, until writes are acknowledged again and everything is whole. What each of them does is on its own page under drills/. The hosts share two cores.',
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    return await withLab(place, ['--witness'], (home) => measureDrills(place, DRILLS, home))
  },
}
