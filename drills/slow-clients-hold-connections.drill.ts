import { stripVTControlCharacters } from 'node:util'
import type { Incident } from '#contract/detection.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { eventsOf, incidentOf } from './network/said.ts'
import { startVisitors, type Visitors } from './network/visitors.ts'
import { present } from './present.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'

const UNSERVED = 'requests of others that were not answered'
const GATHERED = 'connections that the attacker held at the same time'
const TOLD = 'time from the first slow connection until people were told'
const TAKEN = 'visitors that were taken for attackers'
type Names = typeof UNSERVED | typeof GATHERED | typeof TOLD | typeof TAKEN

const READY_S = 60
const FIRST_ANSWERS = 20
const ATTACK = { wants: 1500, aSecond: 500, seconds: 15 } as const
/** What the edge grants one source, and some that are just being turned away. */
const GRANTED = 1100
const SOON_S = 20

/** Clients that open connections and never end a request, while people visit an app. */
export const slowClientsHoldConnections: Drill<Names> = {
  name: 'slow-clients-hold-connections',
  promises: ['NET-4'],
  needs: 'machine',
  programs: { slowhttptest: 'slowhttptest' },
  summary: 'Hold connections with requests that never end while people visit an app',
  harmless: false,
  setUp: 'Two places outside of the platform; from one of them people visit an app over TLS.',
  fault: `From the other slowhttptest wants ${ATTACK.wants} connections, first with headers that never end, then with bodies that never end.`,
  measures: {
    [UNSERVED]: { unit: '%', limit: 5 },
    [GATHERED]: { unit: 'connections', limit: GRANTED },
    [TOLD]: { unit: 's', limit: 10 },
    [TAKEN]: { unit: 'visitors', limit: 0 },
  },
  expectedS: 60,
  begin,
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'slow')
  const outsiders: Outsider[] = []
  let visitors: Visitors | undefined
  let [held, before, toldAfterS, since] = [0, 0, SOON_S, 0]
  let incident: Incident | undefined
  return {
    setUp: async () => {
      await app.deploy()
      await makeOutsiders(2, (one) => outsiders.push(one))
      const people = startVisitors(place, present(outsiders[0]), app.name, {
        shape: { kept: 4, fresh: 4 },
        restMs: 200,
      })
      visitors = people
      await waitUntil(
        'visitors to be served',
        { timeoutS: READY_S, signal: place.signal },
        () => people.answered() >= FIRST_ANSWERS,
      )
    },
    fault: async () => {
      const attacker = present(outsiders[1])
      const people = present(visitors)
      before = people.answered()
      place.mark('fault')
      since = Date.now()
      const told = secondsUntil({ timeoutS: SOON_S, signal: place.signal }, async () => {
        incident = await incidentOf(place, attacker, 'exhaustion', since)
        return incident !== undefined
      })
      const noted = told.then((seconds) => {
        toldAfterS = seconds
        if (incident !== undefined) place.mark('people told')
      })
      for (const kind of ['-H', '-B']) {
        const [most] = await Promise.all([attack(place, attacker, kind), noted])
        held = Math.max(held, most)
        place.mark(kind === '-H' ? 'slow headers ended' : 'slow bodies ended')
      }
    },
    measure: async () => {
      const people = present(visitors)
      await people.stop()
      const failed = people.failures().length
      for (const failure of new Set(people.failures())) place.say(`failed: ${failure}`)
      const answered = people.answered() - before
      const visitor = present(outsiders[0]).address
      const events = await eventsOf(place, 'exhaustion')
      const isTaken = events.some(
        ({ src_endpoint, end_time }) => src_endpoint.ip === visitor && Date.parse(end_time) >= since,
      )
      return summarize({ answered, failed, held, toldAfterS, isTaken, incident })
    },
    cleanUp: () => endAll([() => visitors?.stop(), ...outsiders.map((one) => one.remove), app.destroy]),
  }
}

/** Carries out one attack; gives the most connections that it said to have had at the same time. */
async function attack({ installation }: DrillPlace, attacker: Outsider, kind: string): Promise<number> {
  const url = `http://${attacker.host}:${installation.ports.http}/`
  const amount = ['-c', String(ATTACK.wants), '-r', String(ATTACK.aSecond), '-l', String(ATTACK.seconds)]
  const slow = ['-i', '1', '-x', '24', '-p', '3', '-u', url, '-f', 'text/plain']
  const { stdout, stderr } = await attacker.run(['slowhttptest', kind, ...amount, ...slow])
  const counts = [...stripVTControlCharacters(`${stdout}${stderr}`).matchAll(/connected:\s+(\d+)/g)]
  if (counts.length === 0)
    throw new Error(`slowhttptest said nothing: ${`${stdout}${stderr}`.trim().slice(-300)}`)
  return Math.max(...counts.map(([, count]) => Number(count)))
}

interface Seen {
  readonly answered: number
  readonly failed: number
  readonly held: number
  readonly toldAfterS: number
  readonly isTaken: boolean
  readonly incident: Incident | undefined
}

function summarize({ answered, failed, held, toldAfterS, isTaken, incident }: Seen): Measured<Names> {
  const all = answered + failed
  if (all < 50) throw new Error(`only ${all} requests were made`)
  const share = Math.round((failed / all) * 1000) / 10
  const told =
    incident === undefined ? 'not told' : `told: “${incident.title.replace(incident.who, 'somebody')}”`
  return {
    values: {
      [UNSERVED]: share,
      [GATHERED]: held,
      [TOLD]: hundredths(toldAfterS),
      [TAKEN]: Number(isTaken),
    },
    result: `While ${ATTACK.wants} slow connections were wanted, of which ${held} stood at the same time at most, ${answered} of ${all} requests of others were answered. People were ${told}.`,
    figures: { 'requests of others': { value: all, unit: 'requests' } },
  }
}
