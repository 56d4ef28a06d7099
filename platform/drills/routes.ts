import type { Principal } from '#contract/access.ts'
import type { DrillEvent, DrillStart, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { DrillStartId } from '#contract/ids.ts'
import type { AnyDrill } from '#drills/drill.ts'
import { renderLedger } from '#drills/ledger-table.ts'
import { findDrill } from '#drills/register.ts'
import { renderTimeLine } from '#drills/time-line.ts'
import { TRUST_CHANNEL } from '#platform/trust/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Call, Handlers, ServerDeps, StreamEvent } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { read } from '#runtime/server/transact.ts'
import { followInLab, isInLab, labNow, nextForLab, startInLab, tellFromLab } from './lab.ts'
import { recordDrill } from './record.ts'
import { findRun, latestRuns, listRuns } from './store.ts'
import { viewDrills } from './view.ts'

const LISTED_RUNS = 20

/** Handlers of the drill routes. */
export const drillHandlers: Handlers<typeof drillRoutes> = {
  list: async (_call, deps) => {
    const latest = read(() => latestRuns(deps.db))
    const [runs, host, lab] = await Promise.all([latest, askHost(deps), labNow(deps)])
    const drills = viewDrills(runs, { ...host, ofLab: lab.ofLab })
    const underWay = host.underWay ?? lab.underWay
    // The marker of a lab is on its first host only.
    const isLab = lab.ofLab.size > 0 || host.lab
    return { at: deps.now().toISOString(), lab: isLab, underWay, drills }
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
    const start = await startDrill(deps, findDrill(params.drill), principal.name)
    await notify(deps.db, TRUST_CHANNEL)
    return start
  },
  events: async (call, deps) => {
    const { start } = call.params
    if (!(await isInLab(deps, start))) return followOnHost(call, deps.agents.first)
    return followInLab(deps, start, call.query.after, call.signal)
  },
  record: async ({ body, principal }, deps) => {
    checkRoot(principal)
    return await recordDrill(deps, body)
  },
  nextForLab: async ({ body, principal, signal }, deps) => {
    checkRoot(principal)
    return await nextForLab(deps, body.drills, signal)
  },
  tellFromLab: async ({ params, body, principal }, deps) => {
    checkRoot(principal)
    await tellFromLab(deps, params.start, body.events)
  },
}

function checkRoot({ kind }: Principal): void {
  if (kind !== 'root') throw new MaruError('drills.root_only')
}

/** Who carries it out, the host or the machine that carries a lab of several, carries out no other one meanwhile. */
async function startDrill(deps: ServerDeps, drill: AnyDrill, startedBy: string): Promise<DrillStart> {
  const [host, { underWay, ofLab }] = await Promise.all([askHost(deps), labNow(deps)])
  const asked = { id: randomId<DrillStartId>('start'), drill: drill.name, startedBy }
  const other = host.underWay ?? underWay
  if (other !== null) throw new MaruError('drills.busy', { drill: other.drill })
  if (ofLab.has(drill.name)) return await startInLab(deps, asked)
  return await deps.agents.first.startDrill(asked)
}

async function loadRun({ db }: ServerDeps, id: string) {
  const result = await read(() => findRun(db, id))
  if (result === undefined) throw new MaruError('drills.no_run', { run: id })
  return result
}

/** The host has the events, so a control plane that was away can go on telling them. */
async function* followOnHost(
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
