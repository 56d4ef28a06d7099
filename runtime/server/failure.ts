import { type ErrorCode, MaruError } from '#contract/errors.ts'
import type { Log } from '#runtime/kit/log.ts'
import { isConnectionError, isUnstorable } from './database-errors.ts'

/** Largest JSON body. Sources are streams and have limits of their own. */
export const BODY_LIMIT_BYTES = 1024 * 1024

/** Fastify's own refusals, in our words. */
const FRAMEWORK: Readonly<Record<string, [ErrorCode, Readonly<Record<string, string>>]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', { limit: '1 MB' }],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['invalid', { field: 'content-type', reason: 'must be application/json' }],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid',
    { field: 'content-length', reason: 'does not match the body' },
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid', { field: 'body', reason: 'is not valid JSON' }],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid', { field: 'body', reason: 'must not be empty' }],
  FST_ERR_BAD_URL: ['invalid', { field: 'path', reason: 'is not a valid path' }],
}

const UNSTORABLE = { field: 'request', reason: 'has a zero byte or a number that is too large' }

/** Turns whatever was thrown into the error that the caller gets; the one place where this happens. */
export function failureOf(error: unknown, requestId: string): MaruError {
  if (error instanceof MaruError) return error
  const options = { cause: error }
  if (isConnectionError(error)) return new MaruError('database_unavailable', {}, options)
  if (isUnstorable(error)) return new MaruError('invalid', UNSTORABLE, options)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = FRAMEWORK[code]
  if (known) return new MaruError(known[0], known[1], options)
  if (error instanceof Error && 'statusCode' in error && error.statusCode === 400)
    return new MaruError('invalid', { field: 'request', reason: 'cannot be read' }, options)
  return new MaruError('internal', { requestId }, options)
}

/** Logs a failure once, with its chain; what the caller did wrong is not worth a line at this level. */
export function logFailure(log: Log, failure: MaruError, fields: Readonly<Record<string, unknown>>): void {
  if (failure.status < 500) log.debug('http.refused', { ...fields, code: failure.code })
  else if (failure.code === 'internal') log.error('http.failed', { ...fields, error: failure })
  else log.warn('http.failed', { ...fields, error: failure })
}
