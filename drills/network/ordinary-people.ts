import type { DrillPlace } from '../drill.ts'
import { waitUntil } from '../wait-until.ts'
import { type Crowd, makeCrowd } from './crowd.ts'
import type { Outsider } from './other-network.ts'
import { type OtherPrograms, startOtherPrograms } from './programs-on-host.ts'
import { knownPorts } from './scan.ts'
import { startVisitors, type Visitors } from './visitors.ts'

/** Who visits a host as people do, each from a place of his own. */
const PEOPLE = {
  /** Behind one address, in whose name a scanner speaks. */
  decoy: { shape: { kept: 20, fresh: 10 }, restMs: 2000 },
  /** Also uses the host's other programs. */
  home: { shape: { kept: 2, fresh: 2 }, restMs: 400 },
  /** Has an address that is one of many senders. */
  many: { shape: { kept: 2, fresh: 2 }, restMs: 400 },
  /** Fifty behind one address: each keeps two connections, and opens another every three seconds. */
  office: { shape: { kept: 100, fresh: 50 }, restMs: 3000 },
  /** Keeps 200 connections open, and uses each. */
  wide: { shape: { kept: 200, fresh: 0 }, restMs: 4000 },
  /** Loads pages, by six new connections and six that are kept. */
  reader: { shape: { kept: 6, fresh: 6 }, restMs: 600 },
} as const
type Who = keyof typeof PEOPLE
const EVERYBODY = Object.keys(PEOPLE) as Who[]

/** So many places outside they need. */
export const PLACES_OF_PEOPLE = EVERYBODY.length

const READY_S = 45
/** What a visitor has proven is his. */
const FIRST_ANSWERS = 100

/** Ordinary people who visit an app. */
export interface OrdinaryPeople {
  /** The address that a scanner may pretend to have. */
  readonly decoy: string
  /** Addresses of all whom nobody forges: they must never be held. */
  readonly others: readonly string[]
  readonly crowd: Crowd
  answered(): number
  failures(): readonly string[]
}

/** What has to be ended, also when not all came to be there. */
export interface Arriving {
  readonly visitors: Visitors[]
  programs?: OtherPrograms
  crowd?: Crowd
}

/** Lets people visit from these places, and waits until all are well served. */
export async function welcomePeople(
  place: DrillPlace,
  places: readonly Outsider[],
  app: string,
  arriving: Arriving,
): Promise<OrdinaryPeople> {
  const at = Object.fromEntries(EVERYBODY.map((who, index) => [who, places[index]])) as Record<Who, Outsider>
  const wait = { timeoutS: READY_S, signal: place.signal }
  const programs = await startOtherPrograms([at.home.host])
  arriving.programs = programs
  await waitUntil('the host’s rules to know its other programs', wait, async () => {
    const open = await knownPorts(place.installation, at.home.host)
    return programs.ports.every((port) => open.has(port))
  })
  const crowd = await makeCrowd(at.many)
  arriving.crowd = crowd
  const { visitors } = arriving
  for (const who of EVERYBODY)
    visitors.push(
      startVisitors(place, at[who], app, {
        ...PEOPLE[who],
        ...(who === 'home' ? { others: programs.ports } : {}),
      }),
    )
  await waitUntil('visitors to be served', wait, () =>
    visitors.every((one) => one.answered() >= FIRST_ANSWERS),
  )
  return {
    decoy: at.decoy.address,
    others: EVERYBODY.filter((who) => who !== 'decoy').map((who) =>
      who === 'many' ? crowd.client : at[who].address,
    ),
    crowd,
    answered: () => visitors.reduce((sum, one) => sum + one.answered(), 0),
    failures: () => visitors.flatMap((one) => one.failures()),
  }
}
