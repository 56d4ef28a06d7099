import { join } from 'node:path'
import { HostIdentity } from '#contract/host-identity.ts'
import { HOME } from '#contract/installation.ts'
import { BLACKHOLE } from '#contract/upstream.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { readJson } from '#runtime/drivers/files.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { hundredths } from './hundredths.ts'
import { maruOk } from './maru-ok.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { NUMBERS, type ProviderRouter, startProvider } from './network/provider.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const HEARD = 'time until the provider heard it'
const WITHDRAWN = 'time until the provider let the address through again'
const OVERTIME = 'time beyond its end that an announcement stood'
const OTHERS = 'other things that the provider heard'
const FOREIGN = 'announcements of an address that is not the installation’s'
type Names = typeof HEARD | typeof WITHDRAWN | typeof OVERTIME | typeof OTHERS | typeof FOREIGN

const NAME = 'drill-provider'
const READY_S = 60
const SOON_S = 30
/** The shortest time that a person can ask for. */
const SHORTEST_S = 60
/** For documents (RFC 5737): nobody's. */
const FOREIGN_ADDRESS = '192.0.2.1'
/** Exit code of what is refused. */
const REFUSED = 3

/** A provider is asked to drop what goes to this host, by hand and for a time. */
export const upstreamAnnounced: Drill<Names> = {
  name: 'upstream-announced',
  promises: ['NET-4'],
  needs: 'machine',
  programs: { bird: 'bird2' },
  summary: 'Have a provider drop everything to the host’s address, by hand and for a minute',
  harmless: false,
  setUp:
    'A place outside of the platform with a router, which is set up as a provider; its BGP session stands.',
  fault:
    'The host’s address is announced and taken back; then it is announced for a minute. An address that is nobody’s is tried, too.',
  measures: {
    [HEARD]: { unit: 's', limit: 5 },
    [WITHDRAWN]: { unit: 's', limit: 5 },
    [OVERTIME]: { unit: 's', limit: 5 },
    [OTHERS]: { unit: 'routes', limit: 0 },
    [FOREIGN]: { unit: 'announcements', limit: 0 },
  },
  expectedS: 90,
  begin,
}

interface Found {
  readonly heardS: number
  readonly withdrawnS: number
  readonly overtimeS: number
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
      await upstream('add', NAME, ...numbers, '--neighbour', outsider.address, '--host', name)
      isSetUp = true
      const wait = { timeoutS: READY_S, signal: place.signal }
      await waitUntil('the session to stand', wait, async () => {
        const { stdout } = await upstream('test', NAME)
        return upstreamRoutes.test.response.parse(JSON.parse(stdout)).ok
      })
    },
    fault: async () => {
      found = await announceTwice(place, present(router), (await ownHost(place)).address)
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

async function announceTwice(place: DrillPlace, router: ProviderRouter, address: string): Promise<Found> {
  const seen = new Set<string>()
  const asked = `${address}/32 (${BLACKHOLE.replace(':', ',')})`
  const isHeard = async (): Promise<boolean> => {
    const heard = await router.heard()
    for (const one of heard) seen.add(one)
    return heard.includes(asked)
  }
  const until = (timeoutS: number, what: () => Promise<boolean>) =>
    secondsUntil({ timeoutS, signal: place.signal }, what)
  const announce = (time: string) => {
    const how = ['--for', time, '--reason', 'drill upstream-announced', '--upstream', NAME, '--even-the-last']
    return maruOk(place, 'network', 'upstream', 'announce', address, ...how, '--json')
  }
  const isGone = async () => !(await isHeard())
  await announce('10m')
  place.mark('fault')
  const firstS = await until(SOON_S, isHeard)
  place.mark('the provider drops it')
  await maruOk(place, 'network', 'upstream', 'withdraw', address, '--json')
  const withdrawnS = await until(SOON_S, isGone)
  place.mark('the provider lets it through')
  await announce('1m')
  const began = performance.now()
  const heardS = Math.max(firstS, await until(SOON_S, isHeard))
  await until(SHORTEST_S + SOON_S, isGone)
  const overtimeS = Math.max(0, (performance.now() - began) / 1_000 - SHORTEST_S)
  place.mark('its time is over')
  const why = ['--for', '1m', '--reason', 'drill upstream-announced']
  const { exitCode } = await place.maru(['network', 'upstream', 'announce', FOREIGN_ADDRESS, ...why])
  const others = [...seen].filter((one) => one !== asked)
  return { heardS, withdrawnS, overtimeS, others, foreign: exitCode !== REFUSED }
}

function summarize({ heardS, withdrawnS, overtimeS, others, foreign }: Found): Measured<Names> {
  const [heard, withdrawn, overtime] = [heardS, withdrawnS, overtimeS].map(hundredths) as [
    number,
    number,
    number,
  ]
  return {
    values: {
      ...{ [HEARD]: heard, [WITHDRAWN]: withdrawn, [OVERTIME]: overtime },
      ...{ [OTHERS]: others.length, [FOREIGN]: Number(foreign) },
    } as Record<Names, number>,
    result: `The provider heard the address with the community ${heard} s after it was asked for, and let it through ${withdrawn} s after it was taken back; what was asked for a minute stood ${overtime} s longer. It heard ${others.length} other things; an address that is nobody’s was ${foreign ? 'announced' : 'refused'}.`,
  }
}
