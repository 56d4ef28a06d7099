import type Dockerode from 'dockerode'
import { findUsageGroup, readUsage } from './cgroup-usage.ts'

/** The page cache counts as used in the engine's figure, but gives way when memory is short. */
function memoryOf(stats: Dockerode.ContainerStats): number | undefined {
  const used = stats.memory_stats?.usage
  if (used === undefined) return undefined
  const detail = stats.memory_stats.stats as Record<string, number> | undefined
  return Math.max(0, used - (detail?.total_inactive_file ?? detail?.inactive_file ?? 0))
}

/** Bytes in use by a container's processes; undefined when it does not run. */
export async function measureMemory(container: Dockerode.Container): Promise<number | undefined> {
  const { State } = await container.inspect()
  const group = await findUsageGroup(State.Pid)
  const direct = group && (await readUsage(group))
  return direct?.memoryBytes ?? memoryOf(await container.stats({ stream: false, 'one-shot': true }))
}
