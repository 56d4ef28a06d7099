import { MaruError } from '#contract/errors.ts'
import type { Evidence, trustRoutes } from '#contract/trust.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import type { Check } from './check.ts'
import { renderOscal } from './oscal.ts'
import { renderTrustPage } from './page.ts'
import { recordDrill } from './record-drill.ts'
import { loadReport } from './report.ts'
import { runAndRecord } from './run-check.ts'

/** Handlers of the trust routes over the checks of every capability. */
export function trustHandlers(checks: readonly Check[]): Handlers<typeof trustRoutes> {
  return {
    page: async (_call, deps) => renderTrustPage(await loadReport(deps)),
    report: async (_call, deps) => await loadReport(deps),
    verify: async ({ signal }, deps) => runAll(checks, deps, signal),
    export: async ({ params }, deps) => renderOscal(params.document, await loadReport(deps)),
    recordDrill: async ({ body, principal }, deps) => {
      if (principal.kind !== 'root') throw new MaruError('trust.root_only')
      return await recordDrill(deps, body)
    },
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
