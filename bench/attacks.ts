import type { Benchmark } from './benchmark.ts'
import { joinFound, measureDrills } from './drill-figures.ts'
import { bringForSlowScans, measureSlowScans } from './slow-scans.ts'

const DRILLS = [
  'ports-scanned-from-outside',
  'known-attacks-seen',
  'broken-into-app-talks',
  'flooded-from-outside',
  'slow-clients-hold-connections',
  'frames-forged-by-instance',
  'rules-changed-by-hand',
  'rules-reapplied-under-load',
  'upstream-announced',
]

/** How the platform and the people who use it fare under attack. */
export const attacks: Benchmark = {
  name: 'attacks',
  title: 'Under attack',
  method:
    'The drills of the network that have a figure, once each, with the attackers’ own tools: nmap, hping3, slowhttptest, curl, arpspoof, ndptool and bird. What each of them does is on its own page under drills/. Beside them two search a host of their own that has the agent’s guard, a port every 15 seconds: one who asks for each once, for whom the goal is, and one who asks again when nobody answers, as nmap does by itself. People, attackers and platform share two cores.',
  measure: async (place) => {
    if (place.quick) return await measureDrills(place, ['rules-changed-by-hand'])
    await bringForSlowScans()
    return joinFound(...(await Promise.all([measureDrills(place, DRILLS), measureSlowScans(place)])))
  },
}
