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

/** Whether a range has an address. */
export function ipv4Within(range: string, address: string): boolean {
  const [{ first, last }, number] = [ipv4Ends(range), ipv4Number(address)]
  return number >= first && number <= last
}

/** The range that an address with so many bits is in: 203.0.113.9/24 → 203.0.113.0/24. */
export function ipv4Range(cidr: string): string {
  const { first } = ipv4Ends(cidr)
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256)
  return `${parts.join('.')}/${cidr.split('/')[1] ?? '32'}`
}
