import { DETECTION_LIMITS, type detectionRoutes } from '#contract/detection.ts'
import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import { findRuleSet, setRuleSet } from '#platform/network/index.ts'
import { loadReports, publish } from '#platform/workload/index.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { tellIncident } from './incident-words.ts'
import { DETECTION_RULES } from './rules.ts'
import { findIncident, listIncidents } from './store.ts'

/** Handlers of the routes about what was detected. */
export const detectionHandlers: Handlers<typeof detectionRoutes> = {
  incidents: async ({ query }, { db }) => ({
    incidents: await read(() => listIncidents(db, query)),
    problems: (await loadDetectors(db)).flatMap(({ host, problem }) =>
      problem === '' ? [] : [{ host, problem }],
    ),
  }),
  incident: async ({ params }, { db }) => {
    const found = await read(() => findIncident(db, params.incident, DETECTION_LIMITS.entries))
    if (found === undefined) throw new MaruError('detection.no_incident', { id: params.incident })
    return { ...found.incident, ...tellIncident(found.incident, found.entries), entries: found.entries }
  },
  detectors: async (_call, { db }) => ({
    detectors: await loadDetectors(db),
    rules: DETECTION_RULES.map(({ sid, kind, severity, title, means, advice }) => ({
      ...{ sid, kind, severity, title, means, advice },
    })),
    ruleSet: await read(() => findRuleSet(db)),
  }),
  ruleSet: async ({ body: { ruleSet }, principal }, deps) => {
    await transact(deps.db, async (tx) => {
      await setRuleSet(tx, ruleSet, deps.now(), principal.name)
      await publish(tx)
    })
    deps.log.info('detection.rule_set', { ruleSet, by: principal.name, byId: principal.id })
    return { ruleSet }
  },
}

/** What each host's detector said last. */
async function loadDetectors(db: ServerDeps['db']) {
  const reports = await read(() => loadReports(db))
  return [...reports].flatMap(([name, { report }]) =>
    report.detector == null ? [] : [{ host: name as HostName, ...report.detector }],
  )
}
