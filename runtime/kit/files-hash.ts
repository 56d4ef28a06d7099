import { createHash } from 'node:crypto'

/** A short name for what a container reads at its start (the value of FILES_LABEL): 16 hex digits of SHA-256. */
export const filesHash = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16)
