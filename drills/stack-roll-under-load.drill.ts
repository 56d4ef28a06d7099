import { type AppStack, stackRoutes } from '#contract/stacks.ts'
import type { Load } from '#runtime/drivers/https-load.ts'
import { startAppLoad } from './app-load.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { type DrillApp, drillApp } from './drill-app.ts'
import { waitUntil } from './wait-until.ts'

const FAILED = 'requests that failed'
const BEHIND = "the drill's apps that do not stand on the new stack"
const MISSING = 'requests fewer than 1,000 that were made during the roll'

type Names = typeof FAILED | typeof BEHIND | typeof MISSING

const FIRST_REQUESTS = 100
const FIRST_REQUESTS_S = 30
/** Fewer would prove little. */
const ENOUGH = 1000

/** A newer stack under every app, while two of them are visited. */
export const stackRollUnderLoad: Drill<Names> = {
  name: 'stack-roll-under-load',
  promises: ['PLT-3', 'VUL-4', 'SYS-3'],
  summary: 'Put every app on a newer stack while visitors ask',
  harmless: false,
  setUp: 'Two apps of its own are visited over TLS, on kept connections and on new ones.',
  fault: 'The app stack is made anew, as a security update does, and every app is moved onto it.',
  measures: {
    [FAILED]: { unit: 'requests', limit: 0 },
    [BEHIND]: { unit: 'apps', limit: 0 },
    [MISSING]: { unit: 'requests', limit: 0 },
  },
  expectedS: 60,
  begin,
}

interface Before {
  readonly stacks: ReadonlyMap<string, string | null>
  readonly requests: number
}

function begin(place: DrillPlace): Stages<Names> {
  const apps = [drillApp(place, 'roll'), drillApp(place, 'roll')]
  const { signal } = place
  const loads: Load[] = []
  const requests = () => loads.reduce((sum, load) => sum + load.seen().requests, 0)
  let before: Before | undefined
  let took = 0
  return {
    setUp: async () => {
      await Promise.all(apps.map((app) => app.deploy()))
      for (const app of apps) loads.push(await startAppLoad(place, app.name))
      const wait = { timeoutS: FIRST_REQUESTS_S, signal }
      await waitUntil(`${FIRST_REQUESTS} requests`, wait, () => requests() >= FIRST_REQUESTS)
    },
    fault: async () => {
      await maruOk(place, ['up', '--renew', 'app', '--no-stack-roll'])
      before = { stacks: await standings(place, apps), requests: requests() }
      const since = performance.now()
      place.mark('fault')
      // An app that has nothing to do with the drill may stay behind: exit code 1, and no finding of this drill.
      const { stdout } = await place.maru(['stack', 'roll', '--json'])
      if (!/"operation":\s*\{/.test(stdout)) throw new Error('no roll was started')
      for (const line of logged(stdout)) place.say(line)
      place.mark('every app was moved')
      took = (performance.now() - since) / 1000
    },
    measure: async () => {
      if (before === undefined) throw new Error('nothing was rolled')
      const during = requests() - before.requests
      return measure(place, apps, { loads, before, during, took })
    },
    cleanUp: async () => {
      await Promise.all(loads.map((load) => load.stop()))
      await Promise.all(apps.map((app) => app.destroy()))
    },
  }
}

/** What the roll said of each app. */
const logged = (events: string): string[] =>
  events
    .split('\n')
    .filter((event) => event.startsWith('{'))
    .map((event) => JSON.parse(event) as { readonly type: string; readonly line?: string })
    .flatMap(({ type, line }) => (type === 'log' && line !== undefined ? [line] : []))

interface Rolled {
  readonly loads: readonly Load[]
  readonly before: Before
  readonly during: number
  readonly took: number
}

async function measure(
  place: DrillPlace,
  apps: readonly DrillApp[],
  { loads, before, during, took }: Rolled,
): Promise<Measured<Names>> {
  const seen = await Promise.all(loads.map((load) => load.stop()))
  const failed = seen.reduce((sum, one) => sum + one.failed, 0)
  for (const failure of seen.flatMap(({ failures }) => failures)) place.say(`failed: ${failure}`)
  const after = await standings(place, apps)
  const stayed = apps.filter(({ name }) => {
    const now = after.get(name)
    return now === undefined || now === null || now === before.stacks.get(name)
  })
  const all = seen.reduce((sum, one) => sum + one.requests, 0)
  const slowest = Math.max(...seen.map(({ slowestMs }) => slowestMs))
  return {
    values: { [FAILED]: failed, [BEHIND]: stayed.length, [MISSING]: Math.max(0, ENOUGH - during) },
    result: `Of ${all} requests ${failed} failed, ${during} of them during the roll, which took ${took.toFixed(1)} s; the slowest took ${Math.round(slowest)} ms; ${apps.length - stayed.length} of ${apps.length} apps stand on the new stack.`,
  }
}

/** App → the stack that it stands on. */
async function standings(place: DrillPlace, apps: readonly DrillApp[]): Promise<Map<string, string | null>> {
  const { stdout } = await maruOk(place, ['stack', 'list', '--json'])
  const answer = stackRoutes.list.response.parse(JSON.parse(stdout))
  const own = new Set<string>(apps.map(({ name }) => name))
  return new Map(
    answer.apps.filter(({ app }: AppStack) => own.has(app)).map(({ app, stack }) => [app, stack]),
  )
}

async function maruOk(place: DrillPlace, args: readonly string[]) {
  const done = await place.maru(args)
  if (done.exitCode === 0) return done
  throw new Error(`\`maru ${args.join(' ')}\` ended with ${done.exitCode}: ${done.stderr.trim()}`)
}
