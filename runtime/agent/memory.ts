import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'

const EVERY_MS = 10_000

/** Measures the memory of every owned container on a beat of its own: asking costs more than all the rest. */
export function watchMemory(
  docker: Docker,
  owner: string,
  log: Log,
  signal: AbortSignal,
): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>()
  const measure = async () => {
    const running = (await docker.containers.list({ [LABELS.owner]: owner })).filter(
      ({ state }) => state === 'running',
    )
    for (const { id } of running) {
      const used = await docker.containers.memoryBytes(id)
      if (used !== undefined) bytes.set(id, used)
    }
    const ids = new Set(running.map(({ id }) => id))
    for (const id of bytes.keys()) if (!ids.has(id)) bytes.delete(id)
  }
  const forever = async () => {
    while (!signal.aborted) {
      await measure().catch((error: unknown) => log.debug('agent.memory_unknown', { error }))
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS).unref())
    }
  }
  void forever()
  return bytes
}
