/** From seconds to a place on the track. */
export interface Scale {
  readonly fromS: number
  readonly toS: number
  x(atS: number): number
}

/** How much is shown before the first moment and after the last, as a part of all. */
const BEFORE = 0.06
const AFTER = 0.04
const SHORTEST_S = 0.1

/** A scale that holds all moments. */
export function makeScale(
  momentsS: readonly number[],
  track: { readonly from: number; readonly to: number },
): Scale {
  const first = Math.min(0, ...momentsS)
  const last = Math.max(0, ...momentsS)
  const span = Math.max(SHORTEST_S, last - first)
  const fromS = first - span * BEFORE
  const toS = first + span * (1 + AFTER)
  return { fromS, toS, x: (atS) => track.from + ((atS - fromS) / (toS - fromS)) * (track.to - track.from) }
}

const STEPS = [1, 2, 5] as const
const MOST_TICKS = 6

/** Round numbers on the scale, at most six. */
export function ticksOf({ fromS, toS }: Pick<Scale, 'fromS' | 'toS'>): number[] {
  const span = toS - fromS
  for (let power = Math.floor(Math.log10(span)) - 1; ; power += 1) {
    for (const factor of STEPS) {
      const step = factor * 10 ** power
      if (span / step > MOST_TICKS) continue
      const first = Math.ceil(fromS / step)
      const count = Math.floor(toS / step) - first + 1
      return Array.from({ length: count }, (_, index) => tidy((first + index) * step))
    }
  }
}

/** Without the crumbs of binary fractions. */
const tidy = (value: number) => Number(value.toFixed(6)) + 0

/** `0 s`, `0.42 s`, `12.4 s`, `125 s`: three digits tell enough. */
export function secondsText(atS: number): string {
  const size = Math.abs(atS)
  const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return `${atS.toFixed(digits)} s`
}
