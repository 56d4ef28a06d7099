import { MaruError } from '#contract/errors.ts'

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads a time that a person typed, such as 30m, 2h, 7d; gives milliseconds. */
export function parseDuration(text: string, field: string): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS_MS[unit] ?? 0)
  if (ms === 0) throw new MaruError('invalid', { field, reason: 'must be a time such as 30m, 2h or 7d' })
  return ms
}
