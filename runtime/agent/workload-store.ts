import { WorkloadConfig } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import { readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import { makeInTurn } from '#runtime/kit/in-turn.ts'
import type { Trials } from './trials.ts'

/** The last workload that the control plane handed over. It outlives the agent and the control plane. */
export interface WorkloadStore {
  /** Undefined until there was one: then no instance may be touched, whatever is running. */
  current(): WorkloadConfig | undefined
  /** Keeps a workload; one with a lower generation is refused, the same again is fine. */
  put(config: WorkloadConfig): Promise<void>
  /** Why the saved one cannot be read, such as that a newer version wrote it; empty where it can. */
  problem(): string
}

const NOT_READ =
  'the state that the control plane had handed over was written by another version; until it hands over one that can be read, everything stays as it is'

/**
 * Opens the store in `file` (mode 0600: the instances' environment holds secrets). For how long something is on trial is kept apart and
 * first: it counts from when it is handed over, and no trial is ever kept without its end. States that come at the same moment are
 * kept one after the other.
 */
export async function openWorkloadStore(file: string, trials: Pick<Trials, 'note'>): Promise<WorkloadStore> {
  const saved = await readJson(file)
  const read = saved === undefined ? undefined : WorkloadConfig.safeParse(saved)
  let now = read?.data
  let problem = read?.error === undefined ? '' : NOT_READ
  const inTurn = makeInTurn()
  const put = async ({ trials: leftMs = {}, ...config }: WorkloadConfig) => {
    if (now !== undefined && config.generation < now.generation) {
      throw new MaruError('hosts.stale_generation', { have: now.generation, got: config.generation })
    }
    await trials.note(config.network, leftMs, new Date(), now?.network)
    await writeFileAtomic(file, JSON.stringify(config), { mode: 0o600 })
    now = config
    problem = ''
  }
  return {
    current: () => now,
    put: (config) => inTurn(() => put(config)),
    problem: () => problem,
  }
}
