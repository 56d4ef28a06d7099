import type { Flow, Place } from './flows.ts'
import { orderFlows, type Stop } from './map-order.ts'

/** Pixels of the map at its natural size. */
export const NODE = { width: 164, height: 44 } as const
const ACROSS = 92
/** Below somebody, and beside a lane. */
const [DOWN, LANE] = [22, 16]
const MARGIN = 24
/** Above the columns their names stand. */
const HEAD = 32
/** Ends of lines at one side of a node stand at most so far apart. */
const STEP = 7

export interface MapNode {
  readonly name: string
  readonly column: number
  /** From the top, lanes not counted. */
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

/** Draws flows in columns, from the outside to the data; lines that pass a column do so beside whoever stands there. */
export function layOut(flows: readonly Flow[]): NetworkMap {
  const { places, columns, ways } = orderFlows(flows)
  const stacks = columns.map(stack)
  const tallest = Math.max(0, ...stacks.map(({ height }) => height))
  const xOf = (column: number) => MARGIN + column * (NODE.width + ACROSS)
  const spots = new Map<string, Spot>()
  const nodes: MapNode[] = []
  columns.forEach((stops, column) => {
    const { height = 0, tops = [] } = stacks[column] ?? {}
    let row = 0
    stops.forEach(({ key, name }, index) => {
      const y = MARGIN + HEAD + (tallest - height) / 2 + (tops[index] ?? 0)
      spots.set(key, { x: xOf(column), y, height: heightOf(name) })
      if (name !== undefined) nodes.push({ name, column, row: row++, x: xOf(column), y })
    })
  })
  return {
    width: 2 * MARGIN + places.length * NODE.width + Math.max(0, places.length - 1) * ACROSS,
    height: 2 * MARGIN + HEAD + tallest,
    columns: places.map((place, column) => ({ place, x: xOf(column) })),
    nodes,
    lines: drawLines(flows, ways, spots),
  }
}

const heightOf = (name: string | undefined) => (name === undefined ? 0 : NODE.height)

/** Where each stop of a column begins, one below the other. */
function stack(stops: readonly Stop[]): { readonly height: number; readonly tops: readonly number[] } {
  const tops: number[] = []
  let y = 0
  stops.forEach(({ name }, index) => {
    const before = stops[index - 1]
    if (before !== undefined) y += before.name === undefined || name === undefined ? LANE : DOWN
    tops.push(y)
    y += heightOf(name)
  })
  return { height: y, tops }
}

interface Spot {
  readonly x: number
  readonly y: number
  readonly height: number
}

type Side = 'left' | 'right'
interface LineEnd {
  readonly node: string
  readonly spot: Spot
  readonly side: Side
  /** Where the line comes from or goes to next. */
  readonly next: Spot
  readonly isGoal: boolean
}

function drawLines(
  flows: readonly Flow[],
  ways: ReadonlyArray<readonly Stop[]>,
  spots: ReadonlyMap<string, Spot>,
): MapLine[] {
  const between = flows.flatMap((flow, index) => {
    const stops = ways[index] ?? []
    const places = stops.flatMap(({ key }) => spots.get(key) ?? [])
    const [first, second] = places
    const [last, before] = [places.at(-1), places.at(-2)]
    if (flow.from === flow.to || !first || !second || !last || !before) return []
    // Within a column a line goes around at the right.
    const leaves: Side = first.x > last.x ? 'left' : 'right'
    const arrives: Side = first.x < last.x ? 'left' : 'right'
    const start: LineEnd = { node: flow.from, spot: first, side: leaves, next: second, isGoal: false }
    const goal: LineEnd = { node: flow.to, spot: last, side: arrives, next: before, isGoal: true }
    return [{ flow, start, goal, lanes: places.slice(1, -1) }]
  })
  const heights = spread(between.flatMap(({ start, goal }) => [start, goal]))
  return between.map(({ flow, start, goal, lanes }) => {
    const tip = goal.side === 'right' ? 7 : -7
    const from = { x: edgeOf(start), y: heights.get(start) ?? 0 }
    const to = { x: edgeOf(goal), y: heights.get(goal) ?? 0 }
    return {
      flow,
      path: curve(from, { x: to.x + tip, y: to.y }, lanes, start.side === goal.side ? 46 : undefined),
      head: `M${to.x + Math.sign(tip)} ${to.y} l${tip} -3.5 v7 z`,
    }
  })
}

interface Point {
  readonly x: number
  readonly y: number
}

/** A way that leaves and arrives level, and passes each lane on the whole width of its column. `around`: back to its own side. */
function curve(from: Point, to: Point, lanes: readonly Spot[], around?: number): string {
  if (around !== undefined)
    return `M${from.x} ${from.y} C${from.x + around} ${from.y} ${to.x + around} ${to.y} ${to.x} ${to.y}`
  const rightwards = to.x > from.x
  const points = [
    from,
    ...lanes.flatMap(({ x, y }) => {
      const sides = [
        { x, y },
        { x: x + NODE.width, y },
      ]
      return rightwards ? sides : sides.reverse()
    }),
    to,
  ]
  const parts = points.slice(1).map((point, index) => {
    const before = points[index] ?? from
    const reach = (point.x - before.x) * 0.5
    return `C${before.x + reach} ${before.y} ${point.x - reach} ${point.y} ${point.x} ${point.y}`
  })
  return `M${from.x} ${from.y} ${parts.join(' ')}`
}

const edgeOf = ({ spot: { x }, side }: LineEnd) => (side === 'right' ? x + NODE.width : x)

/** Lines that meet a node at one side do so one below the other, in the order of where they come from. */
function spread(ends: readonly LineEnd[]): Map<LineEnd, number> {
  const bySide = Map.groupBy(ends, ({ node, side }) => `${node} ${side}`)
  const heights = new Map<LineEnd, number>()
  for (const own of bySide.values()) {
    const step = Math.min(STEP, (NODE.height - 14) / own.length)
    own
      .toSorted((a, b) => middleOf(a.next) - middleOf(b.next) || Number(a.isGoal) - Number(b.isGoal))
      .forEach((end, index) => {
        heights.set(end, round(middleOf(end.spot) + (index - (own.length - 1) / 2) * step))
      })
  }
  return heights
}

const middleOf = ({ y, height }: Spot) => y + height / 2
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
