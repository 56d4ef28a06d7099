import { useEffect, useState } from 'react'
import { type DrillEvent, drillRoutes, isLastDrillEvent } from '#contract/drills.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { events } from '../api/api.ts'
import { type LineBuffer, makeLineBuffer } from '../app/lines/line-buffer.ts'

/** The host keeps no more events of a drill, so nothing is left out here. */
const MAX_LINES = 5000

/** How far a started drill is. */
export interface DrillProgress {
  readonly steps: readonly string[]
  /** What can be seen right now. */
  readonly shown: string
  readonly end: Extract<DrillEvent, { type: 'done' | 'failed' }> | undefined
  /** Why nothing more is heard. */
  readonly error: unknown
  readonly buffer: LineBuffer
}

/** Follows a drill from its first event, through lost connections, to its end. */
export function useDrillProgress(start: DrillStartId): DrillProgress {
  const [buffer] = useState(() => makeLineBuffer(MAX_LINES))
  const [steps, setSteps] = useState<readonly string[]>([])
  const [shown, setShown] = useState('')
  const [end, setEnd] = useState<DrillProgress['end']>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const leaving = new AbortController()
    const show = (event: DrillEvent) => {
      if (event.type === 'step') {
        setSteps((before) => [...before, event.text])
        setShown('')
      } else if (event.type === 'show') setShown(event.text)
      else if (event.type === 'log') buffer.add({ source: '', text: event.line, at: null })
      else setEnd(event)
    }
    const follow = async () => {
      const request = { params: { start }, signal: leaving.signal }
      const patience = { resumeMs: Number.POSITIVE_INFINITY }
      for await (const event of events(drillRoutes.events, request, isLastDrillEvent, patience)) show(event)
    }
    setSteps([])
    setShown('')
    setEnd(undefined)
    setError(undefined)
    buffer.clear()
    follow().catch((failure: unknown) => {
      if (!leaving.signal.aborted) setError(failure)
    })
    return () => leaving.abort()
  }, [start, buffer])
  return { steps, shown, end, error, buffer }
}
