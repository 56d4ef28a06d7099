import { mkdtemp, rm } from 'node:fs/promises'
import { type Benchmark, maruOk } from './benchmark.ts'
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
    const home = await mkdtemp('/var/tmp/maru-lab-bench-')
    try {
      place.say('making a lab')
      await maruOk(place, ['lab', 'up', '--home', home, '--witness'])
      return await measureDrills(place, DRILLS, home)
    } finally {
      place.say('taking the lab down')
      await place.maru(['lab', 'down', '--home', home])
      await rm(home, { recursive: true, force: true })
    }
  },
}
