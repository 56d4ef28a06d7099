import { z } from 'zod'
import type { Measured } from './drill.ts'

/**
 * The drill's own attack did not come about, or it could not have heard what it listens for: nobody knows what the platform
 * would have done, so there is no result. Anything else that fails from the fault on counts against the platform.
 */
export class NothingProven extends Error {
  override name = 'NothingProven'
}

const REASON_LONGEST = 400

/** What a drill found whose fault or measurement failed: none of its measures. Pure. */
export const notMeasured = (stage: string, reason: string): Measured => ({
  values: {},
  result: `Not measured: its ${stage} failed (${publicReason(reason)}).`,
})

/** A reason as everyone may read it: a result is public, and errors name addresses. */
function publicReason(reason: string): string {
  const line = reason.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '')
  const words = line.replaceAll(/(?<!\w)[\da-f:.]+(?!\w)/gi, withoutAddress)
  return words.length > REASON_LONGEST ? `${words.slice(0, REASON_LONGEST - 1)}…` : words
}

const Address = z.union([z.ipv4(), z.ipv6()])

/** A full stop or colon may follow an address, and so may a port. */
function withoutAddress(word: string): string {
  const [, address = word, rest = ''] = /^(.*?)([.:]*)$/.exec(word) ?? []
  const isAddress = [address, address.replace(/:\d+$/, '')].some((one) => Address.safeParse(one).success)
  return isAddress ? `an address${rest}` : word
}
