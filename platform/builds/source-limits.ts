import { APP_LIMITS } from '#contract/apps.ts'

export interface SourceLimits {
  /** Bytes of the compressed archive. */
  readonly maxBytes: number
  readonly maxFiles: number
  /** Bytes of all files together: what an archive may grow to. */
  readonly maxUnpackedBytes: number
}

export const SOURCE_LIMITS: SourceLimits = {
  maxBytes: APP_LIMITS.sourceMaxBytes,
  maxFiles: APP_LIMITS.sourceMaxFiles,
  maxUnpackedBytes: 4 * APP_LIMITS.sourceMaxBytes,
}

/** A number of bytes as people say it. */
export const megabytes = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1024 ** 2))} MB`
