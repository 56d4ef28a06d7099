import type { Evidence, trustRoutes } from '#contract/trust.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import type { Check } from './check.ts'
import { renderOscal } from './oscal.ts'
import { renderTrustPage } from './page.ts'
import { loadReport } from './report.ts'
import { runAndRecord } from './run-check.ts'

/** Pictures of what was proven, as SVG in the style of the page, by the name of the evidence. */
export type Pictures = (deps: ServerDeps) => Promise<ReadonlyMap<string, string>>

/** Handlers of the trust routes over the checks of every capability, and the pictures that belong to them. */
export function trustHandlers(checks: readonly Check[], pictures: Pictures): Handlers<typeof trustRoutes> {
  return {
    page: async (_call, deps) => renderTrustPage(await loadReport(deps), await pictures(deps)),
    report: async (_call, deps) => await loadReport(deps),
    verify: async ({ signal }, deps) => runAll(checks, deps, signal),
    export: async ({ params }, deps) => renderOscal(params.document, await loadReport(deps)),
  }
}

/** Each check as it ends; the next begins when its reader has taken it. */
async function* runAll(
  checks: readonly Check[],
  deps: ServerDeps,
  signal: AbortSignal,
): AsyncGenerator<Evidence> {
  for (const check of checks) yield await runAndRecord(check, deps, signal)
}
