import type { Database } from '#contract/data.ts'
import {
  type Attempt,
  judgeDoors,
  judgeStatements,
  optionsForDoors,
  optionsForStatements,
} from './attempts.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { type DrillApp, drillApp } from './drill-app.ts'
import { type Door, doorsTo, type Neighbour, waysOutOf } from './ways-in.ts'

const ENTRIES = 'attempts that succeeded'
const UNCLEAR = 'attempts that ended otherwise than by a refusal'
const LOCKED_OUT = 'apps that could not use their own database'

type Names = typeof ENTRIES | typeof UNCLEAR | typeof LOCKED_OUT

/** Two apps of its own; one tries everything to reach the other's data. */
export const neighboursDatabase: Drill<Names> = {
  name: 'neighbours-database',
  promises: ['DAT-2'],
  summary: "Try to reach a neighbour's database from inside an app",
  harmless: true,
  setUp: 'Two apps of its own, each with its database.',
  fault:
    'From a container of one app, with its credentials, psql tries every other database and role, the servers past the proxy, and every way out of its own database into files, programs and other roles.',
  measures: {
    [ENTRIES]: { unit: 'attempts', limit: 0 },
    [UNCLEAR]: { unit: 'attempts', limit: 0 },
    [LOCKED_OUT]: { unit: 'apps', limit: 0 },
  },
  expectedS: 60,
  begin,
}

function begin(place: DrillPlace): Stages<Names> {
  const intruder = drillApp(place, 'intruder')
  const neighbour = drillApp(place, 'neighbour')
  const both = [intruder, neighbour]
  let attempts: Attempt[] = []
  return {
    setUp: async () => {
      for (const app of both) await app.deploy()
    },
    fault: async () => {
      const [theirs, own] = [await neighbour.database(), await intruder.database()]
      place.mark('fault')
      attempts = await intrude(place, intruder, theirs, own)
      place.mark('last attempt answered')
    },
    measure: async () => {
      const lockedOut = await countLockedOut(place, both)
      if (lockedOut === 0) place.mark('both use their own')
      return summarize(attempts, lockedOut)
    },
    cleanUp: async () => {
      const ends = await Promise.allSettled(both.map((app) => app.destroy()))
      const failed = ends.find((end) => end.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
  }
}

async function intrude(
  place: DrillPlace,
  intruder: DrillApp,
  theirs: Database,
  own: Database,
): Promise<Attempt[]> {
  const neighbour: Neighbour = { database: theirs.name, role: theirs.role, own: own.name }
  const doors = doorsTo(neighbour, place.installation)
  const ways = waysOutOf(neighbour)
  const tryDoors = async (tried: readonly Door[]) =>
    judgeDoors(tried, await psql(place, intruder, optionsForDoors(tried)))
  const attempts = [
    ...(await insist(
      place,
      doors.filter(({ alone }) => !alone),
      tryDoors,
    )),
    ...(await insist(place, ways, async (tried) =>
      judgeStatements(tried, await psql(place, intruder, optionsForStatements(tried))),
    )),
  ]
  for (const door of doors.filter(({ alone }) => alone))
    attempts.push(...(await insist(place, [door], tryDoors)))
  for (const { what, end, said } of attempts) place.say(`${end}: ${what} (${said})`)
  return attempts
}

const TRIES = 3

/** Tries again what was cut off in between, as an intruder would: that says nothing about the wall. */
async function insist<T extends { readonly what: string }>(
  { signal }: DrillPlace,
  all: readonly T[],
  attempt: (tried: readonly T[]) => Promise<Attempt[]>,
): Promise<Attempt[]> {
  const ends = new Map<string, Attempt>()
  let left = all
  for (let tries = 0; tries < TRIES && left.length > 0; tries += 1) {
    signal.throwIfAborted()
    for (const one of await attempt(left)) ends.set(one.what, one)
    left = all.filter(({ what }) => ends.get(what)?.end === 'unclear')
  }
  return [...ends.values()]
}

/** psql in a container that is confined like an instance of the app and stands on the same network. */
const psql = (place: DrillPlace, app: DrillApp, options: readonly string[]) =>
  place.maru(['db', 'psql', app.name, '--', ...options])

/** The counter-proof: a wall that nobody passes, not even the owner, would look just as good. */
async function countLockedOut(place: DrillPlace, apps: readonly DrillApp[]): Promise<number> {
  const steps = ['CREATE TABLE own (word text)', "INSERT INTO own VALUES ('mine')", 'SELECT word FROM own']
  const options = ['-X', '-At', '-v', 'ON_ERROR_STOP=1', ...steps.flatMap((sql) => ['-c', sql])]
  const done = []
  for (const app of apps) done.push(await psql(place, app, options))
  return done.filter(({ exitCode, stdout }) => exitCode !== 0 || !stdout.includes('mine')).length
}

function summarize(attempts: readonly Attempt[], lockedOut: number): Measured<Names> {
  const names = (end: Attempt['end']) => attempts.filter((one) => one.end === end).map(({ what }) => what)
  const [entries, unclear] = [names('let-in'), names('unclear')]
  const found = [
    `${attempts.length} attempts, ${attempts.length - entries.length - unclear.length} refused`,
    entries.length === 0 ? 'none succeeded' : `these succeeded: ${entries.join(', ')}`,
    ...(unclear.length === 0 ? [] : [`these ended otherwise: ${unclear.join(', ')}`]),
    lockedOut === 0
      ? 'both apps used their own database'
      : `${lockedOut} apps could not use their own database`,
  ]
  return {
    figures: { attempts: { value: attempts.length, unit: 'attempts' } },
    values: { [ENTRIES]: entries.length, [UNCLEAR]: unclear.length, [LOCKED_OUT]: lockedOut },
    result: `${found.join('; ')}.`.slice(0, 1000),
  }
}
