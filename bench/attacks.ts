import type { Benchmark } from './benchmark.ts'
import { measureDrills } from './drill-figures.ts'

const DRILLS = [
  'ports-scanned-from-outside',
  'known-attacks-seen',
  'flooded-from-outside',
  'slow-clients-hold-connections',
  'frames-forged-by-instance',
  'rules-changed-by-hand',
  'rules-reapplied-under-load',
]

/** How the platform and the people who use it fare under attack. */
export const attacks: Benchmark = {
  name: 'attacks',
  title: 'Under attack',
  method:
    'The drills of the network that have a figure, once each, with the attackers’ own tools: nmap, hping3, slowhttptest, curl, arpspoof and ndptool. What each of them does is on its own page under drills/. People, attackers and platform share two cores.',
  measure: (place) => measureDrills(place, place.quick ? ['rules-changed-by-hand'] : DRILLS),
}
