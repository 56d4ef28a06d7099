import { useEffect, useState } from 'react'
import type { OperationId } from '#contract/ids.ts'
import { isLastEvent, type OperationEvent, operationRoutes } from '#contract/operations.ts'
import { events } from '../../api/api.ts'
import { type LineBuffer, makeLineBuffer } from '../lines/line-buffer.ts'

/** The platform keeps so many lines of an operation, so nothing is left out here. */
const MAX_LINES = 20_100

/** How far an operation is. */
export interface OperationProgress {
  readonly steps: readonly string[]
  readonly end: Extract<OperationEvent, { type: 'done' | 'failed' }> | undefined
  /** Why nothing more is heard, though it goes on. */
  readonly error: unknown
  readonly buffer: LineBuffer
}

/** Follows an operation from its first event, through lost connections, to its end. */
export function useOperationProgress(operation: string): OperationProgress {
  const [buffer] = useState(() => makeLineBuffer(MAX_LINES))
  const [steps, setSteps] = useState<readonly string[]>([])
  const [end, setEnd] = useState<OperationProgress['end']>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const leaving = new AbortController()
    const show = (event: OperationEvent) => {
      if (event.type === 'step') setSteps((before) => [...before, event.text])
      else if (event.type === 'log') buffer.add({ source: event.source, text: event.line, at: null })
      else setEnd(event)
    }
    const follow = async () => {
      const request = { params: { operation: operation as OperationId }, signal: leaving.signal }
      const patience = { resumeMs: Number.POSITIVE_INFINITY }
      for await (const event of events(operationRoutes.events, request, isLastEvent, patience)) show(event)
    }
    setSteps([])
    setEnd(undefined)
    setError(undefined)
    buffer.clear()
    follow().catch((failure: unknown) => {
      if (!leaving.signal.aborted) setError(failure)
    })
    return () => leaving.abort()
  }, [operation, buffer])
  return { steps, end, error, buffer }
}
