import { networkOf } from '#contract/networks.ts'
import { readText } from './files.ts'
import { addressOf, parseSocketTable } from './socket-table.ts'

const ESTABLISHED = '01'
const LISTENS = '0A'

/**
 * Who has more connections open to programs that listen here than so many, as an address or a network of 64 bits; ports in
 * `except` do not count. Only complete connections are in the list, so nobody can forge his way into it.
 */
export async function crowds(
  limit: number,
  except: readonly number[],
  folder = '/proc/net',
): Promise<string[]> {
  // To list them costs the kernel milliseconds, whatever their number; all together are told in two lines.
  if ((await openConnections(folder)) <= limit) return []
  const texts = await Promise.all(['tcp', 'tcp6'].map((name) => readText(`${folder}/${name}`)))
  const sockets = texts.flatMap((text) => parseSocketTable(text ?? ''))
  const listens = new Set(sockets.filter(({ state }) => state === LISTENS).map(({ port }) => port))
  const came = sockets.filter(
    ({ state, port }) => state === ESTABLISHED && listens.has(port) && !except.includes(port),
  )
  const bySource = Map.groupBy(came, ({ remote }) => networkOf(addressOf(remote), { 4: 32, 6: 64 }))
  return [...bySource]
    .filter(([, own]) => own.length > limit)
    .map(([source]) => source)
    .sort()
}

/** Connections that are open here, of everybody together, by two lines of the kernel's; who listens counts, too. */
export async function openConnections(folder = '/proc/net'): Promise<number> {
  const texts = await Promise.all(['sockstat', 'sockstat6'].map((name) => readText(`${folder}/${name}`)))
  const inUse = texts.map((text) => Number(/^TCP6?: inuse (\d+)/m.exec(text ?? '')?.[1] ?? 0))
  return inUse.reduce((sum, one) => sum + one, 0)
}
