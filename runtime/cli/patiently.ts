import { retrying } from '#runtime/kit/retry.ts'

const PATIENCE_MS = 60_000

/**
 * Asks for what goes on without the one who asks. The control plane or its database may be on its way to another host
 * meanwhile, and that is no reason to stop following.
 */
export const patiently = <T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
  retrying(ask, { forMs: PATIENCE_MS, signal })
