import { NETWORK_GROUPS } from '#contract/network.ts'
import { endsOf, type Flow, PLACES, type Place, placeOf } from './flows.ts'

/** Pixels of the map at its natural size. */
export const NODE = { width: 152, height: 44 } as const
const GAP = { across: 104, down: 22 } as const
const MARGIN = 24
/** Above the columns their names stand. */
const HEAD = 36
/** Ends of lines at one side of a node stand at most so far apart. */
const STEP = 7
const SWEEPS = 6

export interface MapNode {
  readonly name: string
  readonly place: Place
  readonly column: number
  readonly row: number
  readonly x: number
  readonly y: number
}

export interface MapLine {
  readonly flow: Flow
  /** A curve, as an SVG path draws it. */
  readonly path: string
  /** The arrow's head. */
  readonly head: string
}

export interface NetworkMap {
  readonly width: number
  readonly height: number
  readonly columns: ReadonlyArray<{ readonly place: Place; readonly x: number }>
  readonly nodes: readonly MapNode[]
  readonly lines: readonly MapLine[]
}

/** Draws flows in columns, from the outside to the data; in each column so that few lines cross. */
export function layOut(flows: readonly Flow[]): NetworkMap {
  const columns = order(flows)
  const tallest = Math.max(0, ...columns.map(({ names }) => names.length))
  const heightOf = (count: number) => count * NODE.height + Math.max(0, count - 1) * GAP.down
  const xOf = (column: number) => MARGIN + column * (NODE.width + GAP.across)
  const nodes = columns.flatMap(({ place, names }, column) =>
    names.map((name, row): MapNode => {
      const top = MARGIN + HEAD + (heightOf(tallest) - heightOf(names.length)) / 2
      return { name, place, column, row, x: xOf(column), y: top + row * (NODE.height + GAP.down) }
    }),
  )
  return {
    width: 2 * MARGIN + columns.length * NODE.width + Math.max(0, columns.length - 1) * GAP.across,
    height: 2 * MARGIN + HEAD + heightOf(tallest),
    columns: columns.map(({ place }, column) => ({ place, x: xOf(column) })),
    nodes,
    lines: drawLines(flows, nodes),
  }
}

interface Column {
  readonly place: Place
  names: string[]
}

const RANK = new Map<string, number>(Object.keys(NETWORK_GROUPS).map((group, rank) => [group, rank]))
const byRank = (a: string, b: string) =>
  (RANK.get(a) ?? RANK.size) - (RANK.get(b) ?? RANK.size) || (a < b ? -1 : 1)

/** To the right and back again, everybody moves toward the middle of whom he speaks with in the columns before. */
function order(flows: readonly Flow[]): Column[] {
  const byPlace = Map.groupBy(endsOf(flows), placeOf)
  const columns = PLACES.flatMap((place): Column[] => {
    const names = byPlace.get(place)
    return names === undefined ? [] : [{ place, names: names.sort(byRank) }]
  })
  const partners = new Map<string, string[]>()
  for (const { from, to } of flows) {
    partners.set(from, [...(partners.get(from) ?? []), to])
    partners.set(to, [...(partners.get(to) ?? []), from])
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const way = sweep % 2 === 0 ? columns : columns.toReversed()
    way.forEach((column, passed) => {
      const seen = rowsOf(way.slice(0, passed))
      const own = rowsOf([column])
      const middle = (name: string) => {
        const rows = (partners.get(name) ?? []).flatMap((other) => seen.get(other) ?? [])
        return rows.length === 0
          ? (own.get(name) ?? 0)
          : rows.reduce((sum, row) => sum + row, 0) / rows.length
      }
      column.names = column.names.toSorted((a, b) => middle(a) - middle(b) || byRank(a, b))
    })
  }
  return columns
}

/** Rows, counted from the middle of each column. */
const rowsOf = (columns: readonly Column[]) =>
  new Map(
    columns.flatMap(({ names }) => names.map((name, row) => [name, row - (names.length - 1) / 2] as const)),
  )

type Side = 'left' | 'right'
interface LineEnd {
  readonly line: number
  readonly node: MapNode
  readonly side: Side
  readonly other: MapNode
  readonly isGoal: boolean
}

function drawLines(flows: readonly Flow[], nodes: readonly MapNode[]): MapLine[] {
  const at = new Map(nodes.map((node) => [node.name, node]))
  const between = flows.flatMap((flow) => {
    const [from, to] = [at.get(flow.from), at.get(flow.to)]
    return from === undefined || to === undefined || from === to ? [] : [{ flow, from, to }]
  })
  const ends = between.flatMap(({ from, to }, line): LineEnd[] => {
    // Within a column a line goes around at the right.
    const leaves: Side = from.column > to.column ? 'left' : 'right'
    const arrives: Side = from.column < to.column ? 'left' : 'right'
    return [
      { line, node: from, side: leaves, other: to, isGoal: false },
      { line, node: to, side: arrives, other: from, isGoal: true },
    ]
  })
  const heights = spread(ends)
  return between.map(({ flow, from, to }, line) => {
    const [start, goal] = ends.filter((end) => end.line === line)
    if (start === undefined || goal === undefined) return { flow, path: '', head: '' }
    const [x1, x2] = [edgeOf(from, start.side), edgeOf(to, goal.side)]
    const [y1, y2] = [heights.get(start) ?? 0, heights.get(goal) ?? 0]
    const reach = from.column === to.column ? 46 : Math.max(48, Math.abs(x2 - x1) * 0.45)
    const [out, back] = [start.side === 'right' ? reach : -reach, goal.side === 'right' ? reach : -reach]
    const tip = goal.side === 'right' ? 7 : -7
    return {
      flow,
      path: `M${x1} ${y1} C${x1 + out} ${y1} ${x2 + back} ${y2} ${x2 + tip} ${y2}`,
      head: `M${x2 + Math.sign(tip)} ${y2} l${tip} -3.5 v7 z`,
    }
  })
}

const edgeOf = ({ x }: MapNode, side: Side) => (side === 'right' ? x + NODE.width : x)

/** Lines that meet a node at one side do so one below the other, in the order of where they come from. */
function spread(ends: readonly LineEnd[]): Map<LineEnd, number> {
  const bySide = Map.groupBy(ends, ({ node, side }) => `${node.name} ${side}`)
  const heights = new Map<LineEnd, number>()
  for (const own of bySide.values()) {
    const step = Math.min(STEP, (NODE.height - 14) / own.length)
    own
      .toSorted(
        (a, b) => a.other.y - b.other.y || a.other.x - b.other.x || Number(a.isGoal) - Number(b.isGoal),
      )
      .forEach((end, index) => {
        const middle = end.node.y + NODE.height / 2
        heights.set(end, round(middle + (index - (own.length - 1) / 2) * step))
      })
  }
  return heights
}

const round = (value: number) => Math.round(value * 10) / 10

/** Whom an arrow key leads to: up and down in the column, left and right to who is nearest in the next one. */
export function neighbour(nodes: readonly MapNode[], name: string, key: string): MapNode | undefined {
  const here = nodes.find((node) => node.name === name)
  if (here === undefined) return undefined
  const step = { ArrowUp: -1, ArrowDown: 1 }[key]
  if (step !== undefined)
    return nodes.find(({ column, row }) => column === here.column && row === here.row + step)
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key]
  if (across === undefined) return undefined
  return nodes
    .filter(({ column }) => column === here.column + across)
    .toSorted((a, b) => Math.abs(a.y - here.y) - Math.abs(b.y - here.y))[0]
}
