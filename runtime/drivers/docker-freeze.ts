import { pause } from '#runtime/kit/pause.ts'
import { callUnless, EngineRefusal } from './docker-call.ts'

const TRIES = 50
const AGAIN_MS = 100

/**
 * Freezes by `attempt`. The engine catches a container's processes one by one, and on a busy machine gives up before it has
 * them all; it lets those go again, so that the next try begins anew.
 */
export async function freezeInEngine(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await callUnless([404, 409], attempt)
    } catch (error) {
      if (!(error instanceof EngineRefusal && error.status === 500) || tries === TRIES) throw error
      await pause(AGAIN_MS)
    }
  }
}
