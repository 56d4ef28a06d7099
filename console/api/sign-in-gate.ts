/**
 * Where requests wait that were refused because the session is over. The page stays as it is, a dialog asks for the
 * password, and then they are sent again. `armed` once somebody was signed in: before that there is nothing to come
 * back to, and a refusal is just that.
 */
interface Gate {
  armed: boolean
  waiting: PromiseWithResolvers<void> | undefined
}

const gate: Gate = { armed: false, waiting: undefined }
const listeners = new Set<() => void>()
const tell = () => {
  for (const listener of listeners) listener()
}

/** From now on, refused requests wait for a new sign-in. */
export function armGate(): void {
  gate.armed = true
}

/** Somebody leaves on purpose: a refusal is an answer again. */
export function disarmGate(): void {
  gate.armed = false
}

/** Whether requests are waiting for somebody to sign in. */
export const isGateClosed = (): boolean => gate.waiting !== undefined

/** Calls `listener` whenever the gate closes or opens; returns how to stop that. */
export function subscribeGate(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Waits until somebody is signed in again; false when there is nothing to wait for. */
export async function waitForSignIn(signal?: AbortSignal): Promise<boolean> {
  if (!gate.armed) return false
  if (gate.waiting === undefined) {
    gate.waiting = Promise.withResolvers()
    tell()
  }
  const aborted = Promise.withResolvers<void>()
  signal?.addEventListener('abort', () => aborted.resolve(), { once: true })
  await Promise.race([gate.waiting.promise, aborted.promise])
  signal?.throwIfAborted()
  return true
}

/** Sends the waiting requests again. */
export function openGate(): void {
  gate.waiting?.resolve()
  gate.waiting = undefined
  tell()
}
