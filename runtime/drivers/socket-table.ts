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
