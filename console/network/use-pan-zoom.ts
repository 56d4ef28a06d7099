import { type KeyboardEvent, type PointerEvent, useCallback, useLayoutEffect, useRef, useState } from 'react'

const [SMALLEST, LARGEST, STEP] = [0.4, 2, 1.25]
/** On a small screen the map begins so that it can be read, not so that all of it is in sight. */
const LEGIBLE = 0.7

const within = (zoom: number) => Math.min(LARGEST, Math.max(SMALLEST, zoom))

/** What a scrolling box needs to be a map. */
export interface PanZoom {
  readonly zoom: number
  readonly drags: boolean
  zoomBy(factor: number): void
  fit(): void
  readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void
  readonly onPointerMove: (event: PointerEvent<HTMLElement>) => void
  readonly onPointerUp: () => void
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
}

/**
 * Pans by the box's own scrolling, so that fingers, wheels, keys and screen readers do what they do everywhere, and by dragging
 * with the mouse; zooms around the middle of what is in sight, by + and -, by buttons, and by the wheel with Ctrl.
 */
export function usePanZoom(
  box: { readonly current: HTMLElement | null },
  natural: { readonly width: number; readonly height: number },
): PanZoom {
  const [zoom, setZoom] = useState(1)
  const held = useRef({ zoom: 1, x: 0, y: 0 })
  const zoomTo = useCallback(
    (next: (zoom: number) => number) => {
      const at = box.current
      if (at !== null) {
        held.current.x = (at.scrollLeft + at.clientWidth / 2) / at.scrollWidth
        held.current.y = (at.scrollTop + at.clientHeight / 2) / at.scrollHeight
      }
      setZoom((now) => within(next(now)))
    },
    [box],
  )
  const fitTo = useCallback(
    (least: number) =>
      setZoom(
        Math.max(least, within(Math.min(1, (box.current?.clientWidth ?? natural.width) / natural.width))),
      ),
    [box, natural.width],
  )
  useLayoutEffect(() => fitTo(LEGIBLE), [fitTo])
  useLayoutEffect(() => {
    const at = box.current
    if (at === null || held.current.zoom === zoom) return
    held.current.zoom = zoom
    at.scrollLeft = held.current.x * at.scrollWidth - at.clientWidth / 2
    at.scrollTop = held.current.y * at.scrollHeight - at.clientHeight / 2
  }, [box, zoom])
  useWheel(box, zoomTo)
  const zoomBy = (factor: number) => zoomTo((now) => now * factor)
  const fit = () => fitTo(SMALLEST)
  return { zoom, zoomBy, fit, ...useDragging(), onKeyDown: (event) => zoomByKey(event, zoomBy, fit) }
}

function zoomByKey(event: KeyboardEvent, zoomBy: PanZoom['zoomBy'], fit: PanZoom['fit']): void {
  if (event.key === '+' || event.key === '=') zoomBy(STEP)
  else if (event.key === '-') zoomBy(1 / STEP)
  else if (event.key === '0') fit()
  else return
  event.preventDefault()
}

/** Holds the map with the mouse. What can be pressed on it is not a place to hold it. */
function useDragging(): Pick<PanZoom, 'drags' | 'onPointerDown' | 'onPointerMove' | 'onPointerUp'> {
  const [grip, setGrip] = useState<{ readonly x: number; readonly y: number }>()
  return {
    drags: grip !== undefined,
    onPointerDown: (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0) return
      if (event.target instanceof Element && event.target.closest('button') !== null) return
      setGrip({ x: event.clientX, y: event.clientY })
      event.currentTarget.setPointerCapture(event.pointerId)
    },
    onPointerMove: (event) => {
      if (grip === undefined) return
      event.currentTarget.scrollBy(grip.x - event.clientX, grip.y - event.clientY)
      setGrip({ x: event.clientX, y: event.clientY })
    },
    onPointerUp: () => setGrip(undefined),
  }
}

/** React listens to wheels passively; the page must not zoom as well. */
function useWheel(
  box: { readonly current: HTMLElement | null },
  zoomTo: (next: (zoom: number) => number) => void,
): void {
  useLayoutEffect(() => {
    const at = box.current
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      zoomTo((now) => now * (event.deltaY < 0 ? 1.1 : 1 / 1.1))
    }
    at?.addEventListener('wheel', onWheel, { passive: false })
    return () => at?.removeEventListener('wheel', onWheel)
  }, [box, zoomTo])
}
