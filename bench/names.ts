/** The names of all benchmarks, in the order of a run: the platform rests after it was used and before its database is killed. */
export const BENCHMARK_NAMES = [
  'up',
  'console',
  'deploy',
  'edge',
  'loss',
  'idle',
  'many-hosts',
  'hosts',
  'between-hosts',
  'network-policy',
  'rules-cost',
  'detector-cost',
  'attacks',
  'failover',
  'pair-apart',
  'host-failover',
] as const
export type BenchmarkName = (typeof BENCHMARK_NAMES)[number]
