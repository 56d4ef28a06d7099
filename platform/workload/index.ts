export { argvOf } from './command-line.ts'
export { describeStaleness } from './freshness.ts'
export type { LoadWorkload } from './host-loops.ts'
export { type Loops, startWorkload } from './loops.ts'
export {
  type AppFacts,
  environmentOf,
  type InstanceFacts,
  planWorkload,
  type ReleaseFacts,
  renderWorkload,
  type WorkloadSnapshot,
} from './plan.ts'
export {
  latestReport,
  listReports,
  listRunning,
  publish,
  REPORTED,
  type ReceivedReport,
  wantedGeneration,
} from './store.ts'
export { waitForReport } from './wait-for-report.ts'
