/** A socket as the kernel lists it (`/proc/net/tcp` and its like): addresses in hexadecimal, the state as its number. */
export interface ListedSocket {
  readonly address: string
  readonly port: number
  readonly remote: string
  readonly state: string
}

/** Reads one of the kernel's lists. */
export function parseSocketTable(table: string): ListedSocket[] {
  return table
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, local = '', other = '', state = ''] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      return { address, port: Number.parseInt(port, 16), remote: other.split(':')[0] ?? '', state }
    })
}

/** An address as people write it. The kernel writes words of four bytes, the last byte first. */
export function addressOf(text: string): string {
  const bytes = (text.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse())
  const four = bytes.slice(-4).map((byte) => Number.parseInt(byte, 16))
  const isMapped = bytes.slice(0, 12).join('') === '00000000000000000000FFFF'
  if (bytes.length === 4 || isMapped) return four.join('.')
  return (bytes.join('').match(/.{4}/g) ?? []).join(':').toLowerCase()
}
