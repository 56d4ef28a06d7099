const AGES: ReadonlyArray<readonly [limitS: number, unitS: number, name: string]> = [
  [60, 1, 's'],
  [3600, 60, 'min'],
  [48 * 3600, 3600, 'h'],
  [30 * 86_400, 86_400, 'days'],
]

/** How long ago, in one unit; older than 30 days is a date. */
export function ago(at: string, now: Date): string {
  const seconds = Math.floor((now.getTime() - Date.parse(at)) / 1000)
  if (seconds < 2) return 'just now'
  const unit = AGES.find(([limit]) => seconds < limit)
  return unit === undefined ? at.slice(0, 10) : `${Math.floor(seconds / unit[1])} ${unit[2]} ago`
}

/** Elapsed time, such as `0.8 s`, `12 s`, `2 min 5 s`. */
export function elapsed(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** A size in decimal units, such as `532 B`, `3.4 MB`. */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`
}

/** `1 file`, `2 files`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
