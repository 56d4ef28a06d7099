import { randomBytes } from 'node:crypto'
import type { HostName } from '#contract/ids.ts'
import { listHosts } from '#platform/fleet/index.ts'
import { listEvents } from '#platform/guard/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { type FollowCommand, loadReports, runProbe } from '#platform/workload/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { plantedRequest } from './plant.ts'

/** What detection can show about itself. `follow` comes from the capability that runs one-off commands. */
export const detectionChecks = (follow: FollowCommand): Check[] => [
  {
    name: 'network.detects',
    promises: ['NET-3'],
    everyS: 300,
    validS: 1200,
    run: (deps, signal) => lookAtHosts(deps, follow, signal),
  },
]

const ANSWER_MS = 10_000
const LOOK_MS = 100
/** On every host that runs apps: a request that is planted from inside an app's network is told of. */
async function lookAtHosts(deps: ServerDeps, follow: FollowCommand, signal: AbortSignal): Promise<Finding> {
  const [hosts, reports] = await read(() =>
    Promise.all([listHosts(deps.db, deps.now()), loadReports(deps.db)]),
  )
  const running = hosts.filter(({ name }) => reports.get(name)?.report.runsApps === true)
  const problems: string[] = []
  const took: number[] = []
  for (const { name } of running) {
    const detector = reports.get(name)?.report.detector
    if (detector == null) problems.push(`${name} has not said that it has a detector.`)
    else if (detector.problem !== '') problems.push(`${name}: ${detector.problem}`)
    const seen = await plant(deps, name, follow, signal)
    if (seen === 'no stack') problems.push(`${name} has no stack yet that a request could be made from.`)
    else if (seen === undefined)
      problems.push(`On ${name} a planted request was not told of within ${ANSWER_MS / 1000} s.`)
    else took.push(seen)
  }
  if (running.length === 0) problems.push('No host runs apps, so there is no traffic that could be read.')
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'On every host that runs apps the detector told of a planted request.'
        : problems.join(' '),
    facts: [
      { name: 'Planted requests told of', value: `${took.length} on ${running.length} hosts` },
      { name: 'Told of after', value: took.length === 0 ? '-' : `at most ${Math.max(...took)} ms` },
    ],
  }
}

/** How long after the answer to the request it was in the list of events; undefined when it did not get there. */
async function plant(
  deps: ServerDeps,
  host: HostName,
  follow: FollowCommand,
  signal: AbortSignal,
): Promise<number | undefined | 'no stack'> {
  const { path, command } = plantedRequest(deps.config.installation, randomBytes(8).toString('hex'))
  let asked = 0
  const onLine = async (line: string) => {
    asked = (JSON.parse(line) as { at: number }).at
  }
  if (!(await runProbe(deps, { host, command, onLine }, follow, signal))) return 'no stack'
  const end = deps.now().getTime() + ANSWER_MS
  while (deps.now().getTime() < end && !signal.aborted) {
    const events = await read(() => listEvents(deps.db, { host, kind: 'detector check', limit: 20 }))
    if (events.some(({ event }) => event.message.includes(path)))
      return Math.max(0, deps.now().getTime() - asked)
    await pause(LOOK_MS, signal)
  }
  return undefined
}
