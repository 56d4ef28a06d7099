export { argvOf } from './command-line.ts'
export { describeStaleness, isFresh } from './freshness.ts'
export type { LoadWorkload } from './host-loops.ts'
export { startWorkload } from './loops.ts'
export {
  type Move,
  type PlacedInstance,
  type PlacementHost,
  type PlacementInput,
  planPlacement,
  renderPlacement,
} from './placement-plan.ts'
export {
  type AppFacts,
  environmentOf,
  type HostFacts,
  type InstanceFacts,
  planWorkload,
  type ReleaseFacts,
  renderWorkload,
  type WorkloadSnapshot,
} from './plan.ts'
export { type FollowCommand, runProbe } from './probe.ts'
export { type Listener, makeListener, silenceByClock } from './silence.ts'
export { placementHost } from './standing.ts'
export {
  type HostReports,
  latestReport,
  listRefusals,
  loadReports,
  publish,
  REPORTED,
  type ReceivedReport,
  WANTED,
  wantedGeneration,
} from './store.ts'
export { waitForReports } from './wait-for-report.ts'
