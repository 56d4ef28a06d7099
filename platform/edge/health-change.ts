import type { Haproxy } from '#runtime/drivers/haproxy.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { RunningServer } from './plan.ts'
import { parseServersState } from './servers-state.ts'

/** HAProxy tells nobody of a passed check. Asking takes a millisecond, and somebody waits for the answer. */
const LOOK_MS = 25

const opinionOf = (servers: readonly RunningServer[]) =>
  servers
    .map(({ backend, name, health }) => `${backend}/${name} ${health}`)
    .sort()
    .join('\n')

/** Resolves when the edge thinks otherwise of its servers than it did in `known`, and when the signal is aborted. */
export async function healthChange(
  haproxy: Pick<Haproxy, 'ask'>,
  known: readonly RunningServer[],
  signal: AbortSignal,
): Promise<void> {
  const before = opinionOf(known)
  while (!signal.aborted) {
    await pause(LOOK_MS, signal)
    const state = await haproxy.ask('show servers state')
    if (state !== undefined && opinionOf(parseServersState(state, new Map())) !== before) return
  }
}
