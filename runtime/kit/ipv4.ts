/** An IPv4 address as a number. */
export const ipv4Number = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** The first and the last address of a range, such as 203.0.113.0/24. */
export function ipv4Ends(range: string): { readonly first: number; readonly last: number } {
  const [address = '', bits = '32'] = range.split('/')
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(ipv4Number(address) / size) * size
  return { first, last: first + size - 1 }
}

/** The range that an address with so many bits is in: 203.0.113.9/24 → 203.0.113.0/24. */
export function ipv4Range(cidr: string): string {
  return `${ipv4Text(ipv4Ends(cidr).first)}/${cidr.split('/')[1] ?? '32'}`
}

/** Addresses of a network (10.0.0.0/8), a span (10.0.0.1-10.0.0.9) or one address. */
export function ipv4Span(text: string): { readonly first: number; readonly last: number } {
  const [first = '', last] = text.split('-')
  return last === undefined ? ipv4Ends(text) : { first: ipv4Number(first), last: ipv4Number(last) }
}

/** Whether an address is in any of the networks, spans or addresses. */
export const ipv4Among = (address: string, among: readonly string[]): boolean => {
  const number = ipv4Number(address)
  return among.some((text) => {
    const { first, last } = ipv4Span(text)
    return number >= first && number <= last
  })
}

/** The address with a number. */
export const ipv4Text = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')

/** What is left of a network without others, as networks. */
export function ipv4Without(range: string, holes: readonly string[]): string[] {
  const { first, last } = ipv4Ends(range)
  const touching = holes.filter((hole) => {
    const ends = ipv4Ends(hole)
    return ends.first <= last && ends.last >= first
  })
  if (touching.length === 0) return [range]
  const isGone = touching.some((hole) => {
    const ends = ipv4Ends(hole)
    return ends.first <= first && ends.last >= last
  })
  if (isGone) return []
  const bits = Number(range.split('/')[1] ?? '32') + 1
  const middle = first + (last + 1 - first) / 2
  return [first, middle].flatMap((half) => ipv4Without(`${ipv4Text(half)}/${bits}`, touching))
}
