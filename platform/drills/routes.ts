import type { DrillEvent, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { renderLedger } from '#drills/ledger-table.ts'
import { findDrill } from '#drills/register.ts'
import { renderTimeLine } from '#drills/time-line.ts'
import { TRUST_CHANNEL } from '#platform/trust/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Call, Handlers, ServerDeps, StreamEvent } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { read } from '#runtime/server/transact.ts'
import { recordDrill } from './record.ts'
import { findRun, latestRuns, listRuns } from './store.ts'
import { viewDrills } from './view.ts'

const LISTED_RUNS = 20

/** Handlers of the drill routes. */
export const drillHandlers: Handlers<typeof drillRoutes> = {
  list: async (_call, deps) => {
    const [latest, { lab, underWay, elsewhere }] = await Promise.all([
      read(() => latestRuns(deps.db)),
      askHost(deps),
    ])
    const drills = viewDrills(latest, { lab, elsewhere })
    return { at: deps.now().toISOString(), lab, underWay, drills }
  },
  runs: async ({ params }, { db }) => {
    const { name } = findDrill(params.drill)
    return { runs: await read(() => listRuns(db, name, LISTED_RUNS)) }
  },
  run: async ({ params }, deps) => ({ id: params.run, result: await loadRun(deps, params.run) }),
  picture: async ({ params, query }, deps) => {
    const picture = renderTimeLine(await loadRun(deps, params.run), query.scheme)
    if (picture === undefined) throw new MaruError('drills.no_time_line', { run: params.run })
    return picture
  },
  ledger: async ({ params }, deps) => {
    const { ledger } = await loadRun(deps, params.run)
    if (ledger === undefined) throw new MaruError('drills.no_ledger', { run: params.run })
    return renderLedger(ledger)
  },
  start: async ({ params, principal }, deps) => {
    const { name } = findDrill(params.drill)
    const id = randomId<DrillStartId>('start')
    const start = await deps.agents.first.startDrill({ id, drill: name, startedBy: principal.name })
    await notify(deps.db, TRUST_CHANNEL)
    return start
  },
  events: async (call, { agents }) => followDrill(call, agents.first),
  record: async ({ body, principal }, deps) => {
    if (principal.kind !== 'root') throw new MaruError('drills.root_only')
    return await recordDrill(deps, body)
  },
}

async function loadRun({ db }: ServerDeps, id: string) {
  const result = await read(() => findRun(db, id))
  if (result === undefined) throw new MaruError('drills.no_run', { run: id })
  return result
}

/** The host has the events, so a control plane that was away can go on telling them. */
async function* followDrill(
  { params, query, signal }: Pick<Call<typeof drillRoutes.events>, 'params' | 'query' | 'signal'>,
  agent: ServerDeps['agents']['first'],
): AsyncGenerator<StreamEvent<DrillEvent>> {
  for await (const { number, event } of agent.drillEvents(params.start, query.after, signal))
    yield { id: number, data: event }
}

/** Whether the host is a lab; the marker is on its disk, which the control plane does not see. */
async function askHost({ agents, log }: ServerDeps) {
  try {
    return await agents.first.drills()
  } catch (error) {
    log.warn('drills.agent_away', { error })
    return { lab: null, underWay: null, elsewhere: null }
  }
}
