import { attacks } from './attacks.ts'
import type { Benchmark } from './benchmark.ts'
import { betweenHosts } from './between-hosts.ts'
import { consoleLoad } from './console-load.ts'
import { deployTime } from './deploy-time.ts'
import { detectorCost } from './detector-cost.ts'
import { edgeLoad } from './edge-load.ts'
import { failover } from './failover.ts'
import { hostFailover } from './host-failover.ts'
import { hosts } from './hosts.ts'
import { idle } from './idle.ts'
import { manyHosts } from './many-hosts.ts'
import { BENCHMARK_NAMES } from './names.ts'
import { networkPolicy } from './network-policy.ts'
import { requestLoss } from './request-loss.ts'
import { rulesCost } from './rules-cost.ts'
import { upSteps } from './up-steps.ts'

const ALL = [
  upSteps,
  consoleLoad,
  deployTime,
  edgeLoad,
  requestLoss,
  idle,
  manyHosts,
  hosts,
  betweenHosts,
  networkPolicy,
  rulesCost,
  detectorCost,
  attacks,
  failover,
  hostFailover,
]

/** Every benchmark, in the order of a run. */
export const BENCHMARKS: readonly Benchmark[] = ALL.toSorted(
  (one, other) => BENCHMARK_NAMES.indexOf(one.name) - BENCHMARK_NAMES.indexOf(other.name),
)
