/** Node's codes for a connection that could not be made or was cut. */
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** pg reports these without a code; the texts are its constants, and nothing else tells them apart. */
const DRIVER_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error',
  'Client was closed',
  'The server does not support SSL connections',
]

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

/** SQLSTATE: 08 connection, 57P0x shutdown or crash, 25006 read-only (a standby or a demoted primary), 53300 full. */
const isConnectionState = (code: string) => /^(08...|57P0.|25006|53300)$/.test(code)

/** The database, or the way to it, is away; the same request can work a moment later. */
export function isConnectionError(error: unknown): boolean {
  const code = codeOf(error)
  if (SOCKET_CODES.has(code) || isConnectionState(code)) return true
  if (error instanceof AggregateError) return error.errors.some(isConnectionError)
  if (!(error instanceof Error)) return false
  if (code === '' && DRIVER_MESSAGES.some((text) => error.message.startsWith(text))) return true
  return error.cause !== undefined && isConnectionError(error.cause)
}

/** The server itself undid the transaction because of another one; running it again is right. */
export const isSerializationError = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error))

/** The connection that reported this error should not be used again. */
export const spoilsConnection = (error: unknown): boolean => isConnectionError(error)

/** SQLSTATE: 22021 and 22P05 a text with a zero byte, 22003 a number out of range. */
export const isUnstorable = (error: unknown): boolean => ['22021', '22P05', '22003'].includes(codeOf(error))

/** SQLSTATE 23503: what the row refers to is gone. */
export const isMissingReference = (error: unknown): boolean => codeOf(error) === '23503'

/** SQLSTATE 23505, optionally of one constraint. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== '23505') return false
  if (constraint === undefined) return true
  return error instanceof Error && 'constraint' in error && error.constraint === constraint
}
