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
import { networkPolicy } from './network-policy.ts'
import { pairApart } from './pair-apart.ts'
import { requestLoss } from './request-loss.ts'
import { rulesCost } from './rules-cost.ts'
import { upSteps } from './up-steps.ts'

/** Every benchmark, in the order of a run, which is that of their names. */
export const BENCHMARKS: readonly Benchmark[] = [
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
  pairApart,
  hostFailover,
]
