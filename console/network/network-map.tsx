import { ActionIcon, Tooltip, VisuallyHidden } from '@mantine/core'
import { EnterFullScreenIcon, MinusIcon, PlusIcon } from '@radix-ui/react-icons'
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from 'react'
import { counted } from '#runtime/kit/human-units.ts'
import { describeEnd, type Flow, PLACE_NAMES } from './flows.ts'
import { type NetworkMap as Drawn, layOut, type MapNode, neighbour } from './map-layout.ts'
import classes from './network-map.module.css'
import { isOf, type Pair } from './pair.ts'
import { type PanZoom, usePanZoom } from './use-pan-zoom.ts'

interface MapProps {
  readonly flows: readonly Flow[]
  readonly pair: Pair
  readonly onPick: (name: string) => void
}

/** Who may reach whom, as a picture. The table beside it says the same. */
export function NetworkMap({ flows, pair, onPick }: MapProps) {
  const map = useMemo(() => layOut(flows), [flows])
  const box = useRef<HTMLElement>(null)
  const view = usePanZoom(box, map)
  if (map.nodes.length === 0) return <p className={classes.empty}>Nobody may reach anybody here.</p>
  return (
    <div className={classes.frame}>
      <section
        ref={box}
        className={classes.scroll}
        aria-label="Map of the network"
        data-drags={view.drags || undefined}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls and zooms it
        tabIndex={0}
        onPointerDown={view.onPointerDown}
        onPointerMove={view.onPointerMove}
        onPointerUp={view.onPointerUp}
        onKeyDown={view.onKeyDown}
      >
        <VisuallyHidden>
          Arrow keys lead from one to the next, Enter chooses who asks and then whom, plus and minus zoom.
        </VisuallyHidden>
        <div
          className={classes.sheet}
          style={{ width: map.width * view.zoom, height: map.height * view.zoom }}
        >
          <div
            className={classes.map}
            style={{ width: map.width, height: map.height, transform: `scale(${view.zoom})` }}
          >
            <Lines map={map} pair={pair} />
            {map.columns.map(({ place, x }) => (
              <span key={place} className={classes.column} style={{ left: x }}>
                {PLACE_NAMES[place]}
              </span>
            ))}
            <Nodes map={map} flows={flows} pair={pair} onPick={onPick} />
          </div>
        </div>
      </section>
      <Tools view={view} />
    </div>
  )
}

function Lines({ map, pair }: { readonly map: Drawn; readonly pair: Pair }) {
  return (
    <svg className={classes.lines} width={map.width} height={map.height} aria-hidden="true">
      {map.lines.map(({ flow, path, head }) => {
        const lit = pair.from !== '' && isOf(pair, flow)
        const look = {
          'data-people': flow.byPeople || undefined,
          'data-lit': lit || undefined,
          'data-faint': (pair.from !== '' && !lit) || undefined,
        }
        return (
          <g key={`${flow.from} ${flow.to}`}>
            <path className={classes.line} d={path} {...look} />
            <path className={classes.head} d={head} {...look} />
          </g>
        )
      })}
    </svg>
  )
}

/** One stop for the tabulator; from there on arrow keys. */
function Nodes({ map, flows, pair, onPick }: MapProps & { readonly map: Drawn }) {
  const [last, setLast] = useState('')
  const reachable = map.nodes.some(({ name }) => name === last) ? last : map.nodes[0]?.name
  const buttons = useRef(new Map<string, HTMLButtonElement>())
  const move = (event: KeyboardEvent, from: MapNode) => {
    const next = neighbour(map.nodes, from.name, event.key)
    if (!event.key.startsWith('Arrow')) return
    event.preventDefault()
    if (next === undefined) return
    setLast(next.name)
    buttons.current.get(next.name)?.focus()
  }
  return map.nodes.map((node) => {
    const own = flows.filter(({ from, to }) => from === node.name || to === node.name)
    const chosen = node.name === pair.from || node.name === pair.to
    const faint = pair.from !== '' && !chosen && !own.some((flow) => isOf(pair, flow))
    return (
      <button
        key={node.name}
        ref={(button) => {
          if (button === null) buttons.current.delete(node.name)
          else buttons.current.set(node.name, button)
        }}
        type="button"
        className={classes.node}
        style={{ left: node.x, top: node.y }}
        title={`${node.name}: ${describeEnd(node.name)}`}
        aria-label={labelOf(node.name, own)}
        aria-pressed={chosen}
        data-app={node.name.startsWith('app:') || undefined}
        data-faint={faint || undefined}
        data-among={own.some(({ from, to }) => from === to) || undefined}
        tabIndex={node.name === reachable ? 0 : -1}
        onFocus={() => setLast(node.name)}
        onKeyDown={(event) => move(event, node)}
        onClick={() => onPick(node.name)}
      >
        {node.name}
      </button>
    )
  })
}

function labelOf(name: string, own: readonly Flow[]): string {
  const reaches = own.filter(({ from }) => from === name).length
  const reached = own.filter(({ to }) => to === name).length
  return `${name}: may reach ${reaches}, may be reached by ${reached}`
}

function Tools({ view }: { readonly view: PanZoom }) {
  return (
    <div className={classes.tools}>
      <Tool label="Smaller" icon={<MinusIcon aria-hidden />} onClick={() => view.zoomBy(0.8)} />
      <Tool label="Larger" icon={<PlusIcon aria-hidden />} onClick={() => view.zoomBy(1.25)} />
      <Tool label="All of it" icon={<EnterFullScreenIcon aria-hidden />} onClick={view.fit} />
    </div>
  )
}

const Tool = (props: { readonly label: string; readonly icon: ReactNode; readonly onClick: () => void }) => (
  <Tooltip label={props.label}>
    <ActionIcon variant="subtle" color="gray" aria-label={props.label} onClick={props.onClick}>
      {props.icon}
    </ActionIcon>
  </Tooltip>
)

/** What a picture shows with so many flows, in words. */
export const mapNote = (flows: readonly Flow[]): string => {
  const byPeople = flows.filter((flow) => flow.byPeople).length
  return `${counted(flows.length, 'allowed way')}, ${byPeople} of them by rules that people made. All else is refused.`
}
