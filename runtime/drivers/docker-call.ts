import { MaruError } from '#contract/errors.ts'

/** Failures of the way to the engine, as Node names them. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'EACCES',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
])

/** An answer of the engine that refuses a request; `status` is its HTTP status. */
export class EngineRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'EngineRefusal'
    this.status = status
  }
}

interface ModemError {
  readonly statusCode?: number
  readonly code?: string
  readonly message: string
}

/** Longer than the engine takes for anything that is no work of its own, such as removing a large image. */
const LIMIT_MS = 120_000

/**
 * Runs a call to the engine: a refusal becomes EngineRefusal, an engine that is away, or says nothing for `limitMs`,
 * `hosts.engine_unavailable`.
 */
export async function callEngine<T>(call: () => Promise<T>, limitMs = LIMIT_MS): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const cause = new Error(`the engine did not answer within ${limitMs / 1000} s`)
    reject(new MaruError('hosts.engine_unavailable', {}, { cause }))
  }, limitMs)
  try {
    return await Promise.race([call(), promise])
  } catch (error) {
    throw translate(error)
  } finally {
    clearTimeout(timer)
  }
}

/** As callEngine, for what takes as long as what a person runs in it: whoever asks decides when it is enough. */
export async function workInEngine<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translate(error)
  }
}

/** As callEngine; undefined when the engine says that there is no such thing. */
export async function findInEngine<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await callEngine(call)
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return undefined
    throw error
  }
}

/** As callEngine; these statuses mean that there was nothing to do (304 already so, 404 gone, 409 in progress). */
export async function callUnless(statuses: readonly number[], call: () => Promise<unknown>): Promise<void> {
  try {
    await callEngine(call)
  } catch (error) {
    if (!(error instanceof EngineRefusal && statuses.includes(error.status))) throw error
  }
}

function translate(error: unknown): unknown {
  const { statusCode, code, message } = error as ModemError
  if (statusCode !== undefined) return new EngineRefusal(statusCode, message.trim(), { cause: error })
  if (code !== undefined && UNREACHABLE.has(code)) {
    return new MaruError('hosts.engine_unavailable', {}, { cause: error })
  }
  return error
}
