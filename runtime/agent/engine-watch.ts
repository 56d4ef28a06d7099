import { type Docker, type EngineEvent, LABELS } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import { RUN_COMPONENT } from './instance-spec.ts'

/** How a container's last run ended. The engine forgets it at the next start; the agent remembers. */
export interface RunEnd {
  readonly exitCode: number
  readonly outOfMemory: boolean
}

export interface EngineWatch {
  lastEnd(id: string): RunEnd | undefined
  /** Forgets containers that are gone. */
  keepOnly(ids: ReadonlySet<string>): void
}

const RETRY_MS = 1_000
const INTERESTING = new Set(['die', 'oom', 'start', 'destroy'])
/** Containers that come and go beside the state. Only the start of a one-off command counts: its port is isolated. */
const PASSING: ReadonlySet<string | undefined> = new Set(['build', 'check', RUN_COMPONENT])

function concerns({ type, action, labels }: EngineEvent): boolean {
  if (type !== 'container' || !INTERESTING.has(action)) return false
  const component = labels[LABELS.component]
  return !PASSING.has(component) || (component === RUN_COMPONENT && action === 'start')
}

/** Follows the engine's events: remembers ends and calls `wake` when something changed. Stops when aborted. */
export function watchEngine(
  docker: Docker,
  owner: string,
  log: Log,
  wake: () => void,
  signal: AbortSignal,
): EngineWatch {
  const ends = new Map<string, RunEnd>()
  const starved = new Set<string>()
  const follow = async () => {
    for await (const event of docker.events({ [LABELS.owner]: owner }, signal)) {
      if (!concerns(event)) continue
      if (event.action === 'oom') starved.add(event.id)
      if (event.action === 'die') {
        ends.set(event.id, {
          exitCode: Number(event.labels.exitCode ?? -1),
          outOfMemory: starved.delete(event.id),
        })
      }
      wake()
    }
  }
  const forever = async () => {
    while (!signal.aborted) {
      await follow().catch((error: unknown) => log.warn('agent.events_lost', { error }))
      wake()
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
  void forever()
  return {
    lastEnd: (id) => ends.get(id),
    keepOnly: (ids) => {
      for (const id of ends.keys()) if (!ids.has(id)) ends.delete(id)
    },
  }
}
