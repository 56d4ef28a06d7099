import type { MeasuredRate, Upstream } from '#contract/upstream.ts'

const whole = (value: number) => value.toLocaleString('en')

/** What a provider is asked without anybody's word. */
export function automaticWords({ automatic }: Pick<Upstream, 'automatic'>): string {
  if (automatic === null) return 'Nothing: only people announce'
  const { perSecond, forS, minutes, evenLast } = automatic
  const last = evenLast ? 'also the last address' : 'never the last address'
  return `Above ${whole(perSecond)} packets a second for ${forS} s: ${minutes} min, then looked at again; ${last}`
}

/** How a provider is told. */
export const howWords = ({ settings }: Pick<Upstream, 'settings'>): string =>
  settings.kind === 'bgp'
    ? `BGP, AS ${settings.ownAs} to ${settings.neighbour} (AS ${settings.neighbourAs}), ${settings.community}${settings.flowRules === true ? ' and flow rules' : ''}`
    : new URL(settings.url).host

/** Where the parts of a meter stand, in percent of its width: the limit is always in sight. */
export function meterOf({ perSecond, highest, limit }: MeasuredRate) {
  const most = Math.max(limit * 1.25, perSecond, highest)
  const at = (value: number) => Math.round((value / most) * 1_000) / 10
  return { now: at(perSecond), highest: at(highest), limit: at(limit), isAbove: perSecond >= limit }
}

/** A measured rate in words, for whoever does not see the picture. */
export const rateWords = ({ perSecond, highest, limit }: MeasuredRate): string =>
  `${whole(perSecond)} packets a second now, at most ${whole(highest)} within an hour; the limit is ${whole(limit)}`
