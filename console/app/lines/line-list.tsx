import { Button } from '@mantine/core'
import { ArrowDownIcon } from '@radix-ui/react-icons'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { counted } from '#runtime/kit/human-units.ts'
import { safeText } from '#runtime/kit/safe-text.ts'
import type { LineBuffer, ShownLine } from './line-buffer.ts'
import classes from './line-list.module.css'

const LINE_PX = 20
/** So near the end counts as being there. */
const NEAR_PX = 2 * LINE_PX

/**
 * A log. It stays at its end while lines come, unless one scrolls up to read; only the lines in sight are in the page.
 * A log is foreign text: it is shown as text, with what could play with its direction made visible.
 */
export function LineList(props: {
  readonly buffer: LineBuffer
  readonly label: string
  /** Said while there are no lines. */
  readonly empty: string
  /** As high as its lines, for a log that begins with nothing. */
  readonly grows?: boolean
}) {
  const { buffer } = props
  const { shown, leftOut } = useSyncExternalStore(buffer.subscribe, buffer.current)
  const frame = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  })
  const last = shown.at(-1)?.key
  useEffect(() => {
    if (following && last !== undefined && frame.current) frame.current.scrollTop = frame.current.scrollHeight
  }, [following, last])
  const noteScroll = ({ currentTarget: at }: { currentTarget: HTMLElement }) =>
    setFollowing(at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_PX)
  return (
    <div className={classes.frame}>
      <section
        ref={frame}
        className={classes.scroll}
        data-grows={props.grows}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        aria-label={props.label}
        onScroll={noteScroll}
      >
        {leftOut > 0 && <p className={classes.note}>{counted(leftOut, 'older line')} not shown</p>}
        {shown.length === 0 && <p className={classes.note}>{props.empty}</p>}
        <div className={classes.lines} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <Line key={shown[index]?.key} line={shown[index]} top={start} />
          ))}
        </div>
      </section>
      {!following && (
        <Button
          className={classes.follow ?? ''}
          size="xs"
          leftSection={<ArrowDownIcon aria-hidden />}
          onClick={() => setFollowing(true)}
        >
          Follow
        </Button>
      )}
    </div>
  )
}

function Line({ line, top }: { readonly line: ShownLine | undefined; readonly top: number }) {
  if (line === undefined) return null
  return (
    <div className={classes.line} style={{ transform: `translateY(${top}px)` }}>
      {line.at && <time className={classes.at}>{line.at.slice(11, 23)} </time>}
      {line.source && <span className={classes.source}>{line.source} </span>}
      <bdi>{safeText(line.text)}</bdi>
    </div>
  )
}
