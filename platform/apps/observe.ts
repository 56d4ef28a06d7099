import type { HostReport, InstanceReport } from '#contract/agent.ts'
import type { HostReports, ReceivedReport } from '#platform/workload/index.ts'
import { sameInstance } from './plan.ts'
import type { InstanceKey } from './steps.ts'
import type { InstanceRow } from './tables.ts'

/** An instance with what its host says about it. */
export interface Observed {
  readonly row: InstanceRow
  /** The latest report of its host; undefined before the first. */
  readonly received: ReceivedReport | undefined
  /** Undefined where the host does not have it. */
  readonly found: InstanceReport | undefined
}

/** Every instance as its own host sees it: what another host says about one of the same name is about the past. */
export function observe(rows: readonly InstanceRow[], reports: HostReports, app: string): Observed[] {
  return rows.map((row) => {
    const received = reports.get(row.host)
    return { row, received, found: received && findInstance(received.report, app, row) }
  })
}

/** Where an instance is, or where it goes; undefined when nobody wants it any more. */
export const rowOf = (rows: readonly InstanceRow[], key: InstanceKey): InstanceRow | undefined =>
  rows.find((row) => row.leaving_since === null && sameInstance(row, key))

function findInstance(report: HostReport, app: string, key: InstanceKey): InstanceReport | undefined {
  return report.instances.find((one) => one.app === app && sameInstance(one, key))
}
