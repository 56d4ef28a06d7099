import Dockerode from 'dockerode'
import { DOCKER_SOCKET } from '#platform/hosts/index.ts'

/** Seconds of processor time that each of the containers has had since its start, by its id. */
export async function readProcessorTimes(ids: readonly string[]): Promise<Map<string, number>> {
  const engine = new Dockerode({ socketPath: DOCKER_SOCKET })
  const times = await Promise.all(
    ids.map(async (id) => {
      const stats = await engine.getContainer(id).stats({ stream: false, 'one-shot': true })
      return [id, stats.cpu_stats.cpu_usage.total_usage / 1e9] as const
    }),
  )
  return new Map(times)
}
