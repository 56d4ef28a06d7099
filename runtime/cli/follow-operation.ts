import { MaruError } from '#contract/errors.ts'
import { isLastEvent, type Operation, type OperationEvent, operationRoutes } from '#contract/operations.ts'
import { elapsed } from '#runtime/kit/human-units.ts'
import { safeText } from '#runtime/kit/safe-text.ts'
import type { Session } from './session.ts'

type Done = Extract<OperationEvent, { type: 'done' }>

/** Exit code of a command that Ctrl-C ended, as shells have it. */
const INTERRUPTED = 130

function showEvent({ out }: Session, event: OperationEvent): void {
  if (out.json) out.item(event, () => '')
  if (event.type === 'step') out.progress.step(event.text)
  if (event.type === 'log')
    out.progress.log(event.source === 'build' ? event.line : `${event.source}: ${event.line}`)
  if (event.type === 'done') out.progress.end('done')
  if (event.type === 'failed') out.progress.end('failed')
}

function detach({ out, context }: Session, operation: Operation): void {
  const cancelIt = operation.cancellable ? `; cancel it: maru cancel ${operation.id}` : ''
  out.progress.note(
    `\nThe ${operation.kind} goes on without you. Follow it: maru operation ${operation.id}${cancelIt}`,
  )
  context.setExit(INTERRUPTED)
}

/** Shows the result: for a deploy, the app's address alone on standard output. */
function showDone({ out }: Session, done: Done, ms: number): void {
  out.note(`${safeText(done.text)} (${elapsed(ms)})`)
  if (done.url !== null) out.item(done, () => `${done.url}\n`)
}

/**
 * Follows an operation to its end: steps, log, result. A failed operation throws its error. Ctrl-C leaves it running
 * and says how to come back.
 */
export async function followOperation(session: Session, operation: Operation): Promise<void> {
  const { api, out, context } = session
  const startedAt = context.now().getTime()
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  context.signals.once('SIGINT', leave)
  if (out.json) out.item({ type: 'operation', operation }, () => '')
  const request = { params: { operation: operation.id }, signal: leaving.signal }
  try {
    for await (const event of api.events(operationRoutes.events, request, isLastEvent)) {
      showEvent(session, event)
      if (event.type === 'failed') throw MaruError.fromBody({ error: event.error })
      if (event.type === 'done' && !out.json) showDone(session, event, context.now().getTime() - startedAt)
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error
    detach(session, operation)
  } finally {
    context.signals.off('SIGINT', leave)
  }
}
