import { MaruError } from '#contract/errors.ts'

/** What messages call the other side. */
export const serverName = (): string => `Maru at ${location.origin}`

/** A failed connection as the error that people meet. */
export function asUnreachable(cause: unknown): MaruError {
  return new MaruError('unreachable', { what: serverName() }, { cause })
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no sign of life in ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([work, silence])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The bytes of an answer as they come. A connection that breaks or is silent for too long is `unreachable`; leaving the
 * loop closes it.
 */
export async function* chunksOf(
  response: Response,
  silenceMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, reader.read())
      if (done) return
      yield value
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw asUnreachable(error)
  } finally {
    reader.cancel().catch(() => {})
  }
}
