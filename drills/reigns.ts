import type { Acknowledged } from './write-ledger.ts'

type Write = Pick<Acknowledged, 'begunMs' | 'atMs' | 'server'>

/**
 * Writes that were begun after another server had acknowledged one, and that the earlier server acknowledged all the same:
 * none, while at most one server takes writes. A server that was started again is another one.
 *
 * What was begun before may be acknowledged late: a primary can freeze between its standby's word and its own answer. Such
 * a write is at the standby, and if it were not, it would be among the lost ones.
 */
export function lateAcknowledgements<T extends Write>(acknowledged: readonly T[]): T[] {
  const firstAt = new Map<string, number>()
  for (const { server, atMs } of acknowledged)
    firstAt.set(server, Math.min(atMs, firstAt.get(server) ?? atMs))
  const reigns = [...firstAt].sort(([, one], [, other]) => one - other)
  const overAt = new Map(reigns.map(([server], index) => [server, reigns[index + 1]?.[1] ?? Infinity]))
  return acknowledged.filter(({ server, begunMs }) => begunMs > (overAt.get(server) ?? Infinity))
}
