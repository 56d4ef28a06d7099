import type { WorkloadConfig } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import { keepEdgeCertified } from '#platform/fleet/index.ts'
import { recordFigures } from '#platform/metrics/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { isBelievable } from './generation-step.ts'
import {
  forgetRefusal,
  latestReport,
  moveGenerationPast,
  noteRefusal,
  publish,
  saveReport,
  WANTED,
  wantedGeneration,
} from './store.ts'

const PUSH_EVERY_MS = 5_000
const REPORT_WAIT_MS = 5_000
const RETRY_MS = 500

/** Makes a host's whole workload as it is wanted now, in one consistent reading. */
export type LoadWorkload = (deps: ServerDeps, host: HostName) => Promise<WorkloadConfig>

/** Hands every new generation to a host's agent, keeps the agent's latest report, and brings its edge certificates. */
export const serveHost = (
  deps: ServerDeps,
  load: LoadWorkload,
  host: HostName,
  signal: AbortSignal,
  lookEveryMs?: number,
) =>
  Promise.all([
    push(deps, load, host, signal),
    follow(deps, host, signal),
    keepEdgeCertified(deps, host, signal, lookEveryMs),
  ])

/** Wakes on signal and on timer; reads everything anew each time. */
async function push(
  deps: ServerDeps,
  load: LoadWorkload,
  host: HostName,
  signal: AbortSignal,
): Promise<void> {
  const bell = deps.hub.bell(WANTED)
  let given = -1
  let complained = false
  while (!signal.aborted) {
    try {
      given = await pushOnce(deps, load, host, given)
      complained = false
    } catch (error) {
      // One line an outage is enough: the loop comes back every few seconds.
      if (!complained && !signal.aborted) deps.log.warn('workload.push_failed', { host, error })
      complained = true
    }
    await bell.wait(complained ? RETRY_MS : PUSH_EVERY_MS, signal)
  }
  bell.close()
}

/** Gives the host the wanted state unless it has it; answers with the generation that it was given last. */
export async function pushOnce(
  deps: ServerDeps,
  load: LoadWorkload,
  host: HostName,
  given: number,
): Promise<number> {
  const wanted = await wantedGeneration(deps.db)
  const received = await latestReport(deps.db, host)
  if (given >= wanted && received !== undefined && received.report.generation >= wanted) return given
  try {
    const { generation } = await deps.agents.of(host).putWorkload(await load(deps, host))
    await forgetRefusal(deps.db, host)
    return generation
  } catch (error) {
    if (error instanceof MaruError && error.code === 'hosts.stale_generation')
      await stepPast(deps, host, Number(error.params.have), wanted)
    throw error
  }
}

/** A database that was restored goes on behind what the hosts have. One host alone must not take the numbers to their end. */
async function stepPast(deps: ServerDeps, host: HostName, have: number, wanted: number): Promise<void> {
  if (isBelievable(have, wanted)) {
    deps.log.warn('workload.generation_behind_host', { host, have, wanted })
    return await transact(deps.db, (tx) => moveGenerationPast(tx, have))
  }
  const said = Number.isSafeInteger(have) ? have : Number.MAX_SAFE_INTEGER
  if (await noteRefusal(deps.db, host, said, deps.now()))
    deps.log.warn('workload.host_refuses', { host, have, wanted })
}

/** Long-polls the agent. Its numbering starts anew when it restarts, so what it answers is believed. */
async function follow(deps: ServerDeps, host: HostName, signal: AbortSignal): Promise<void> {
  let after = 0
  let complained = false
  while (!signal.aborted) {
    try {
      const report = await deps.agents.of(host).report(after, REPORT_WAIT_MS, signal)
      after = report.sequence
      // Figures are kept as differences: the report is stored without them.
      const { figures, ...rest } = report
      await transact(deps.db, async (tx) => {
        const before = await latestReport(tx, host)
        await saveReport(tx, host, { ...rest, figures: null })
        // The other edges begin, or cease, to lead to it.
        if ((before?.report.runsApps ?? false) !== report.runsApps) await publish(tx)
      })
      if (figures !== null) await recordFigures(deps, host, figures)
      complained = false
    } catch (error) {
      if (signal.aborted) return
      if (!complained) deps.log.warn('workload.report_missed', { host, error })
      complained = true
      await pause(RETRY_MS, signal)
    }
  }
}
