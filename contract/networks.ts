/** An address, or a network in the form ADDRESS/BITS. */
export interface Network {
  readonly v: '4' | '6'
  /** In the form in which the kernel shows it: the shortest, without a host part. */
  readonly text: string
  readonly first: bigint
  readonly bits: number
}

const WIDTH = { 4: 32, 6: 128 } as const

/** Reads an address or a network; undefined when it is neither, or has bits behind its length. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const address = match[1] ?? ''
  const v = address.includes(':') ? '6' : '4'
  const value = v === '4' ? value4(address) : value6(address)
  const bits = match[2] === undefined ? WIDTH[v] : Number(match[2])
  if (value === undefined || bits > WIDTH[v]) return undefined
  if ((value & ((1n << BigInt(WIDTH[v] - bits)) - 1n)) !== 0n) return undefined
  const shown = v === '4' ? address : text6(value)
  return { v, text: bits === WIDTH[v] ? shown : `${shown}/${bits}`, first: value, bits }
}

/** Of IPv4 and IPv6 only this one is written with colons. */
export const isIpv6 = (address: string) => address.includes(':')

/** IPv4 addresses as programs of IPv6 see them: no packet carries one. */
const isMapped = ({ v, bits, first }: Network) => v === '6' && bits >= 96 && first >> 32n === 0xffffn

/** Why an address or network of IPv6 means nobody who could come; undefined where it is one, in whichever form. */
export function whyNoIpv6(text: string): string | undefined {
  if (text.includes('%')) return 'names a link of a machine: leave out % and what follows it'
  const plain = text.replace(/(\d+\.\d+\.\d+\.\d+)(?=$|\/)/, (four) => {
    const value = value4(four)
    return value === undefined ? four : `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
  })
  const network = parseNetwork(plain)
  if (network !== undefined && isMapped(network)) {
    const four = text4(network.first & 0xffff_ffffn)
    return `is IPv4 written as IPv6: write ${network.bits === 128 ? four : `${four}/${network.bits - 96}`}`
  }
  if (network !== undefined) return plain === text ? undefined : `has an IPv4 part: write ${network.text}`
  const [address = '', bits = ''] = text.split('/')
  if (parseNetwork(address) !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= WIDTH[6])
    return `has an address behind its length: write ${networkOf(address, { 4: 0, 6: Number(bits) })}`
  return 'is no address or network of IPv6, such as 2001:db8::7 or 2001:db8:1::/48'
}

/** Whether all of one network is in another. */
export const isWithin = (one: Network, other: Network): boolean =>
  one.bits >= other.bits && overlap(one, other)

/** The network of so many bits that an address is in. */
export function networkOf(address: string, bits: { readonly 4: number; readonly 6: number }): string {
  const one = parseNetwork(address)
  if (one === undefined) return address
  const kept = Math.min(bits[one.v], one.bits)
  const first = (one.first >> BigInt(WIDTH[one.v] - kept)) << BigInt(WIDTH[one.v] - kept)
  return kept === WIDTH[one.v] ? one.text : `${one.v === '4' ? text4(first) : text6(first)}/${kept}`
}

/** Whether two networks have an address in common. */
export function overlap(a: Network, b: Network): boolean {
  if (a.v !== b.v) return false
  const shift = BigInt(WIDTH[a.v] - Math.min(a.bits, b.bits))
  return a.first >> shift === b.first >> shift
}

function value4(address: string): bigint | undefined {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

const text4 = (value: bigint) => [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')

function value6(address: string): bigint | undefined {
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail = []] = groups
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail]
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return all.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n)
}

function text6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(112 - at * 16)) & 0xffffn))
  const run = longestZeros(groups)
  const words = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return run.length < 2 ? words(0, 8) : `${words(0, run.at)}::${words(run.at + run.length, 8)}`
}

function longestZeros(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 }
  groups.forEach((_, at) => {
    const end = groups.findIndex((group, index) => index >= at && group !== 0)
    const length = (end === -1 ? groups.length : end) - at
    if (length > best.length) best = { at, length }
  })
  return best
}
