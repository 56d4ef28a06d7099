import { useEffect, useState } from 'react'
import { appRoutes, type LogLine } from '#contract/apps.ts'
import type { AppName, Instant, ProcessType } from '#contract/ids.ts'
import { pause } from '#runtime/kit/pause.ts'
import { lines } from '../../api/api.ts'
import { type LineBuffer, makeLineBuffer } from '../lines/line-buffer.ts'
import { makeResumePoint } from './resume-point.ts'

const MAX_LINES = 10_000
/** Lines from before one looked, for each instance. */
const TAIL = 500
const RETRY_MS = 1000

/** What the instances of an app print, live. */
export interface Logs {
  readonly buffer: LineBuffer
  /** Why nothing is heard at the moment; it is tried again until it works. */
  readonly error: unknown
}

/** Follows the log; after a lost connection it goes on after the last line that was seen. */
export function useLogs(app: string, process: ProcessType | null): Logs {
  const [buffer] = useState(() => makeLineBuffer(MAX_LINES))
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    const leaving = new AbortController()
    const resume = makeResumePoint()
    const show = (line: LogLine) => {
      if (resume.isNew(line)) buffer.add({ source: line.instance, text: line.line, at: line.at })
    }
    const followOnce = async () => {
      const since = resume.begin()
      const query = {
        follow: 'true',
        ...(since === undefined ? { tail: TAIL } : { since: since as Instant }),
        ...(process === null ? {} : { process }),
      }
      const request = { params: { app: app as AppName }, query, signal: leaving.signal }
      for await (const line of lines(appRoutes.logs, request)) {
        setError(undefined)
        show(line)
      }
    }
    const follow = async () => {
      while (!leaving.signal.aborted) {
        await followOnce().catch((failure: unknown) => {
          if (!leaving.signal.aborted) setError(failure)
        })
        await pause(RETRY_MS, leaving.signal)
      }
    }
    buffer.clear()
    setError(undefined)
    void follow()
    return () => leaving.abort()
  }, [app, process, buffer])
  return { buffer, error }
}
