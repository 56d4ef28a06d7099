import type { HostFigures, InstanceUsageCounters } from '#contract/agent.ts'
import { METRICS_RANGES } from '#contract/metrics.ts'
import type { TrafficReader } from '#platform/edge/index.ts'
import { findUsageGroup, readUsage, type UsageGroup } from '#runtime/drivers/cgroup-usage.ts'
import { type Docker, type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import { INSTANCE_COMPONENT } from './instance-spec.ts'
import type { ReportBoard } from './report-board.ts'
import type { WorkloadStore } from './workload-store.ts'

export interface FiguresDeps {
  readonly docker: Docker
  readonly owner: string
  readonly log: Log
  readonly traffic: TrafficReader
  readonly workloads: WorkloadStore
  readonly board: ReportBoard
}

const EVERY_MS = METRICS_RANGES['1h'] * 1000

/**
 * Reads all counters on a beat of its own, at the full ten seconds of the clock, and publishes them. Gives the memory
 * of every owned container by its id.
 */
export function watchFigures(deps: FiguresDeps, signal: AbortSignal): ReadonlyMap<string, number> {
  const memory = new Map<string, number>()
  const groups = new Map<string, UsageGroup>()
  const forever = async () => {
    while (!signal.aborted) {
      try {
        deps.board.publishFigures(await sample(deps, groups, memory))
      } catch (error) {
        deps.log.debug('agent.figures_unknown', { error })
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS - (Date.now() % EVERY_MS)).unref())
    }
  }
  void forever()
  return memory
}

async function sample(
  deps: FiguresDeps,
  groups: Map<string, UsageGroup>,
  memory: Map<string, number>,
): Promise<HostFigures> {
  const at = new Date().toISOString()
  const apps = deps.workloads.current()?.apps ?? []
  const served = apps.filter(({ hostNames }) => hostNames.length > 0).map(({ appId }) => appId)
  const traffic = (await deps.traffic.read(served)) ?? null
  const all = await deps.docker.containers.list({ [LABELS.owner]: deps.owner })
  const running = all.filter(({ state }) => state === 'running')
  keepOnly(new Set(running.map(({ id }) => id)), groups, memory)
  const instances: InstanceUsageCounters[] = []
  for (const container of running) {
    const usage = await usageOf(deps.docker, groups, container.id)
    if (usage !== undefined && container.labels[LABELS.component] === INSTANCE_COMPONENT)
      instances.push(instanceOf(container, usage))
    const bytes = usage?.memoryBytes ?? (await deps.docker.containers.memoryBytes(container.id))
    if (bytes !== undefined) memory.set(container.id, bytes)
  }
  return { at, traffic, instances }
}

function keepOnly(ids: ReadonlySet<string>, ...maps: ReadonlyArray<Map<string, unknown>>): void {
  for (const map of maps) {
    for (const id of map.keys()) if (!ids.has(id)) map.delete(id)
  }
}

/** Asks the engine for the groups once a container: asking costs more than all the rest. */
async function usageOf(docker: Docker, groups: Map<string, UsageGroup>, id: string) {
  const known = groups.get(id)
  const group = known ?? (await findUsageGroup((await docker.containers.inspect(id))?.pid ?? 0))
  if (group === undefined) return undefined
  groups.set(id, group)
  return readUsage(group)
}

function instanceOf(
  { id, labels }: EngineContainer,
  usage: { readonly memoryBytes: number; readonly cpuUs: number; readonly life: string },
): InstanceUsageCounters {
  const number = (name: string) => Number(labels[name] ?? 0)
  return {
    appId: (labels[LABELS.appId] ?? '') as InstanceUsageCounters['appId'],
    process: (labels[LABELS.process] ?? '') as InstanceUsageCounters['process'],
    index: number(LABELS.index),
    release: number(LABELS.release),
    epoch: number(LABELS.epoch),
    life: `${id.slice(0, 12)}.${usage.life}`,
    cpuUs: usage.cpuUs,
    memoryBytes: usage.memoryBytes,
  }
}
