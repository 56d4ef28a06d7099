import { join } from 'node:path'
import { HostIdentity } from '#contract/host-identity.ts'
import { HOME } from '#contract/installation.ts'
import { BLACKHOLE, UPSTREAM_LIMITS } from '#contract/upstream.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { readJson } from '#runtime/drivers/files.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { hundredths } from './hundredths.ts'
import { maruOk } from './maru-ok.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { NUMBERS, type ProviderRouter, startProvider } from './network/provider.ts'
import { NothingProven } from './not-measured.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const HEARD = 'time until the provider heard it'
const WITHDRAWN = 'time until the provider let the address through again'
const OVERTIME = 'time beyond its end that an announcement stood'
const BY_ITSELF = 'time beyond a limit’s seconds until the provider heard it by itself'
const OTHERS = 'other things that the provider heard'
const FOREIGN = 'announcements of an address that is not the installation’s'
type Names =
  | typeof HEARD
  | typeof WITHDRAWN
  | typeof OVERTIME
  | typeof BY_ITSELF
  | typeof OTHERS
  | typeof FOREIGN

const NAME = 'drill-provider'
const READY_S = 60
const SOON_S = 30
/** The shortest time that a person can ask for. */
const SHORTEST_S = 60
/** The lowest limit that there is, for so many seconds without a break; what it asks for stands as long as a person's. */
const LIMIT = { perSecond: UPSTREAM_LIMITS.automaticPerSecond, forS: 5, minutes: SHORTEST_S / 60 } as const
/** Enough for the limit, many times over. */
const PAUSE_US = 200
/** For documents (RFC 5737): nobody's. */
const FOREIGN_ADDRESS = '192.0.2.1'
/** Exit code of what is refused. */
const REFUSED = 3

/** A provider is asked to drop what goes to this host: by a limit, by hand and for a time. */
export const upstreamAnnounced: Drill<Names> = {
  name: 'upstream-announced',
  promises: ['NET-4'],
  needs: 'machine',
  programs: { bird: 'bird2', hping3: 'hping3' },
  summary: 'Have a provider drop everything to the host’s address: by itself under a flood, and by hand',
  harmless: false,
  setUp:
    'A place outside of the platform with a router, which is set up as a provider with the lowest limit that there is; its BGP session stands.',
  fault:
    'From the place hping3 sends UDP packets to the host’s address, more than the limit, until the provider hears of it by itself; a minute later that is taken back by itself. Then the address is announced by hand and taken back, and announced for a minute. An address that is nobody’s is tried, too.',
  measures: {
    [HEARD]: { unit: 's', limit: 5 },
    [WITHDRAWN]: { unit: 's', limit: 5 },
    [OVERTIME]: { unit: 's', limit: 5 },
    [BY_ITSELF]: { unit: 's', limit: 10 },
    [OTHERS]: { unit: 'routes', limit: 0 },
    [FOREIGN]: { unit: 'announcements', limit: 0 },
  },
  expectedS: 170,
  begin,
}

interface Found {
  readonly heardS: number
  readonly withdrawnS: number
  readonly overtimeS: number
  readonly byItselfS: number
  readonly perSecond: number
  readonly others: readonly string[]
  readonly foreign: boolean
}

function begin(place: DrillPlace): Stages<Names> {
  const outsiders: Outsider[] = []
  let router: ProviderRouter | undefined
  let isSetUp = false
  let found: Found | undefined
  const upstream = (...args: string[]) => maruOk(place, 'network', 'upstream', ...args, '--json')
  return {
    setUp: async () => {
      const { name, address } = await ownHost(place)
      await makeOutsiders(1, (one) => outsiders.push(one))
      const outsider = present(outsiders[0])
      router = await startProvider(outsider, address)
      const numbers = ['--own-as', `${NUMBERS.own}`, '--neighbour-as', `${NUMBERS.provider}`]
      const { perSecond, forS, minutes } = LIMIT
      const limit = ['--above', `${perSecond}`, '--above-for', `${forS}`, '--minutes', `${minutes}`]
      const where = ['--neighbour', outsider.address, '--host', name]
      await upstream('add', NAME, ...numbers, ...where, ...limit, '--even-the-last')
      isSetUp = true
      const wait = { timeoutS: READY_S, signal: place.signal }
      await waitUntil('the session to stand', wait, async () => {
        const { stdout } = await upstream('test', NAME)
        return upstreamRoutes.test.response.parse(JSON.parse(stdout)).ok
      })
    },
    fault: async () => {
      const { address } = await ownHost(place)
      const heard = hearing(place, present(router), address)
      // What a person has let through is not announced by itself for a while: so this comes first.
      const first = await flood(place, present(outsiders[0]), heard, address)
      found = { ...(await announceTwice(place, heard, address, first.overtimeS)), ...first.told }
    },
    measure: async () => summarize(present(found)),
    cleanUp: () =>
      endAll([
        async () => {
          if (isSetUp) await upstream('remove', NAME)
        },
        async () => await router?.end(),
        ...outsiders.map((one) => one.remove),
      ]),
  }
}

const ownHost = async ({ home }: DrillPlace) => HostIdentity.parse(await readJson(join(home, HOME.host)))

/** What the provider hears. */
interface Hearing {
  /** Whether it drops the address now. */
  isHeard(): Promise<boolean>
  isGone(): Promise<boolean>
  /** Everything else that it has heard so far. */
  others(): string[]
  until(timeoutS: number, what: () => Promise<boolean>): Promise<number>
}

function hearing({ signal }: DrillPlace, router: ProviderRouter, address: string): Hearing {
  const seen = new Set<string>()
  const asked = `${address}/32 (${BLACKHOLE.replace(':', ',')})`
  const isHeard = async (): Promise<boolean> => {
    const heard = await router.heard()
    for (const one of heard) seen.add(one)
    return heard.includes(asked)
  }
  return {
    isHeard,
    isGone: async () => !(await isHeard()),
    others: () => [...seen].filter((one) => one !== asked),
    until: (timeoutS, what) => secondsUntil({ timeoutS, signal }, what),
  }
}

/** The address' announcement in the list, with whether anybody asked for it. */
async function announced(place: DrillPlace, address: string) {
  const { stdout } = await maruOk(place, 'network', 'upstream', 'list', '--json')
  const { dropped, measured } = upstreamRoutes.list.response.parse(JSON.parse(stdout))
  const highest = measured.find((one) => one.address === address)?.highest ?? 0
  return { automatic: dropped.some((one) => one.address === address && one.automatic), highest }
}

/** Sends more than the limit until the provider has heard, and waits until it has let the address through again by itself. */
async function flood(place: DrillPlace, from: Outsider, heard: Hearing, address: string) {
  const { isHeard, isGone, until } = heard
  const ending = new AbortController()
  const argv = ['hping3', '-q', '--udp', '-p', '9', '-i', `u${PAUSE_US}`, address]
  const sending = from
    .run(argv, { signal: AbortSignal.any([ending.signal, place.signal]), timeoutMs: 2 * SOON_S * 1000 })
    .catch(() => undefined)
  place.mark('fault')
  const firstS = await until(SOON_S, isHeard)
  const began = performance.now()
  const { automatic, highest } = await announced(place, address)
  ending.abort()
  await sending
  if (highest < LIMIT.perSecond) throw new NothingProven(`no flood: ${highest} packets a second at most`)
  if (automatic) place.mark('the provider drops it by itself')
  await until(SHORTEST_S + SOON_S, isGone)
  const overtimeS = Math.max(0, (performance.now() - began) / 1000 - SHORTEST_S)
  place.mark('let through by itself')
  const byItselfS = automatic ? Math.max(0, firstS - LIMIT.forS) : SOON_S
  return { overtimeS, told: { byItselfS, perSecond: highest } }
}

async function announceTwice(
  place: DrillPlace,
  { isHeard, isGone, until, others }: Hearing,
  address: string,
  beforeS: number,
): Promise<Omit<Found, 'byItselfS' | 'perSecond'>> {
  const announce = (time: string) => {
    const how = ['--for', time, '--reason', 'drill upstream-announced', '--upstream', NAME, '--even-the-last']
    return maruOk(place, 'network', 'upstream', 'announce', address, ...how, '--json')
  }
  await announce('10m')
  const firstS = await until(SOON_S, isHeard)
  place.mark('the provider drops it')
  await maruOk(place, 'network', 'upstream', 'withdraw', address, '--json')
  const withdrawnS = await until(SOON_S, isGone)
  place.mark('the provider lets it through')
  await announce('1m')
  const began = performance.now()
  const heardS = Math.max(firstS, await until(SOON_S, isHeard))
  await until(SHORTEST_S + SOON_S, isGone)
  const overtimeS = Math.max(beforeS, (performance.now() - began) / 1_000 - SHORTEST_S)
  place.mark('its time is over')
  const why = ['--for', '1m', '--reason', 'drill upstream-announced']
  const { exitCode } = await place.maru(['network', 'upstream', 'announce', FOREIGN_ADDRESS, ...why])
  return { heardS, withdrawnS, overtimeS, others: others(), foreign: exitCode !== REFUSED }
}

function summarize(found: Found): Measured<Names> {
  const { others, foreign, perSecond } = found
  const heard = hundredths(found.heardS)
  const withdrawn = hundredths(found.withdrawnS)
  const overtime = hundredths(found.overtimeS)
  const byItself = hundredths(found.byItselfS)
  return {
    values: {
      ...{ [HEARD]: heard, [WITHDRAWN]: withdrawn, [OVERTIME]: overtime, [BY_ITSELF]: byItself },
      ...{ [OTHERS]: others.length, [FOREIGN]: Number(foreign) },
    } as Record<Names, number>,
    result: `Under ${perSecond} packets a second the provider heard the address by itself ${byItself} s after the limit’s ${LIMIT.forS} seconds. By hand it heard it with the community ${heard} s after it was asked for, and let it through ${withdrawn} s after it was taken back; what was announced for a minute stood ${overtime} s longer at most. It heard ${others.length} other things; an address that is nobody’s was ${foreign ? 'announced' : 'refused'}.`,
    figures: { 'most packets to the address in a second': { value: perSecond, unit: '1/s' } },
  }
}
