/** Levels, quietest last. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

type Fields = Readonly<Record<string, unknown>>

/** Structured logger: a constant event name plus fields, one JSON object a line. */
export interface Log {
  debug(event: string, fields?: Fields): void
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
  /** A logger whose lines all carry these fields. */
  with(fields: Fields): Log
}

/** Makes errors readable in JSON, with their chain of causes. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  return {
    name: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack
      ?.split('\n')
      .slice(1, 6)
      .map((line) => line.trim()),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  }
}

/** A logger that hands each line to `write`. */
export function makeLog(level: LogLevel, write: (line: string) => void, base: Fields = {}): Log {
  const emit =
    (at: LogLevel) =>
    (event: string, fields: Fields = {}) => {
      if (LOG_LEVELS.indexOf(at) < LOG_LEVELS.indexOf(level)) return
      const shown = Object.fromEntries(
        Object.entries({ ...base, ...fields }).map(([key, value]) => [
          key,
          value instanceof Error ? describeError(value) : value,
        ]),
      )
      write(JSON.stringify({ at: new Date().toISOString(), level: at, event, ...shown }))
    }
  return {
    debug: emit('debug'),
    info: emit('info'),
    warn: emit('warn'),
    error: emit('error'),
    with: (fields) => makeLog(level, write, { ...base, ...fields }),
  }
}
