import type { Acknowledged } from './write-ledger.ts'

type Ack = Pick<Acknowledged, 'atMs' | 'server'>

/**
 * Writes that a server acknowledged after another one had begun to: none, while at most one acknowledges at a time. A
 * server that was started again is another one.
 */
export function lateAcknowledgements<T extends Ack>(acknowledged: readonly T[]): T[] {
  const over = new Set<string>()
  let now: string | undefined
  return [...acknowledged]
    .sort((one, other) => one.atMs - other.atMs)
    .filter(({ server }) => {
      if (over.has(server)) return true
      if (now !== undefined && now !== server) over.add(now)
      now = server
      return false
    })
}
