import { NETWORK_GROUPS } from '#contract/network.ts'
import { endsOf, type Flow, PLACES, type Place, placeOf } from './flows.ts'

/** What stands in a column: somebody, or a lane in which lines pass by on the way to somebody. */
export interface Stop {
  readonly key: string
  readonly column: number
  /** Undefined: a lane. */
  readonly name: string | undefined
}

export interface Order {
  readonly places: readonly Place[]
  /** From top to bottom. */
  readonly columns: ReadonlyArray<readonly Stop[]>
  /** The stops of each flow, in the order of the flows. */
  readonly ways: ReadonlyArray<readonly Stop[]>
}

const SWEEPS = 6
const RANK = new Map<string, number>(Object.keys(NETWORK_GROUPS).map((group, rank) => [group, rank]))
const rankOf = ({ name }: Stop) => (name === undefined ? RANK.size + 1 : (RANK.get(name) ?? RANK.size))
const byRank = (a: Stop, b: Stop) => rankOf(a) - rankOf(b) || (a.key < b.key ? -1 : 1)

/** Sorts flows into columns, and in each so that few lines cross. */
export function orderFlows(flows: readonly Flow[]): Order {
  const ends = endsOf(flows)
  const places = PLACES.filter((place) => ends.some((name) => placeOf(name) === place))
  const columnOf = (name: string) => places.indexOf(placeOf(name))
  const stops = new Map<string, Stop>()
  const stop = (key: string, column: number, name?: string): Stop => {
    const found = stops.get(key) ?? { key, column, name }
    stops.set(key, found)
    return found
  }
  const ways = flows.map(({ from, to }) => {
    const [first, last] = [columnOf(from), columnOf(to)]
    const step = Math.sign(last - first)
    const between = Array.from({ length: Math.max(0, Math.abs(last - first) - 1) }, (_, index) => {
      const column = first + step * (index + 1)
      // All that goes to somebody on one side of him passes a column in one lane.
      return stop(`${to}@${column}`, column)
    })
    return [stop(from, first, from), ...between, stop(to, last, to)]
  })
  const columns = places.map((_, column) =>
    [...stops.values()].filter((one) => one.column === column).sort(byRank),
  )
  untangle(columns, partnersOf(ways))
  return { places, columns, ways }
}

function partnersOf(ways: ReadonlyArray<readonly Stop[]>): Map<string, string[]> {
  const partners = new Map<string, string[]>()
  const join = (a: Stop, b: Stop) => partners.set(a.key, [...(partners.get(a.key) ?? []), b.key])
  for (const way of ways) {
    way.slice(1).forEach((next, index) => {
      const before = way[index]
      if (before === undefined) return
      join(before, next)
      join(next, before)
    })
  }
  return partners
}

/** To the right and back again, everybody moves toward the middle of whom he is joined with in the columns before. */
function untangle(columns: Stop[][], partners: ReadonlyMap<string, readonly string[]>): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const way = sweep % 2 === 0 ? columns : columns.toReversed()
    way.forEach((column, passed) => {
      const seen = rowsOf(way.slice(0, passed))
      const own = rowsOf([column])
      const middle = ({ key }: Stop) => {
        const rows = (partners.get(key) ?? []).flatMap((other) => seen.get(other) ?? [])
        return rows.length === 0 ? (own.get(key) ?? 0) : rows.reduce((sum, row) => sum + row, 0) / rows.length
      }
      const middles = new Map(column.map((one) => [one.key, middle(one)]))
      column.sort((a, b) => (middles.get(a.key) ?? 0) - (middles.get(b.key) ?? 0) || byRank(a, b))
    })
  }
}

/** Rows, counted from the middle of each column. */
const rowsOf = (columns: ReadonlyArray<readonly Stop[]>) =>
  new Map(
    columns.flatMap((stops) => stops.map(({ key }, row) => [key, row - (stops.length - 1) / 2] as const)),
  )
