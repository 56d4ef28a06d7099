import { ErrorBody, MaruError } from '#contract/errors.ts'
import type { ResponseOf, Route } from '#contract/route.ts'
import { resumingEvents } from '#runtime/kit/resuming-events.ts'
import { retrying } from '#runtime/kit/retry.ts'
import { type RawRequest, type RequestOf, renderRequest } from '#runtime/kit/route-request.ts'
import { textLines } from '#runtime/kit/text-lines.ts'
import { noteServerTime } from '../live/server-clock.ts'
import { asUnreachable, chunksOf, serverName } from './chunks.ts'
import { waitForSignIn } from './sign-in-gate.ts'

const RETRY_MS = 8000
const RESUME_MS = 60_000
/** The server sends a heartbeat every 15 s; longer silence means that the connection is dead. */
const SILENCE_MS = 45_000

type Request = RawRequest & { readonly idempotencyKey?: string; readonly signal?: AbortSignal | undefined }

/** The server's own error; an answer that isn't one comes from something in between. */
async function toError(response: Response): Promise<MaruError> {
  const body = await response.text().catch(() => '')
  try {
    return MaruError.fromBody(ErrorBody.parse(JSON.parse(body)))
  } catch (cause) {
    if (response.status >= 500) return asUnreachable(cause)
    return new MaruError('cli.not_maru', { what: serverName(), status: response.status }, { cause })
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(new URL(path, location.origin), init)
    noteServerTime(response.headers.get('date'))
    return response
  } catch (error) {
    init.signal?.throwIfAborted()
    throw asUnreachable(error)
  }
}

/** Sends a request until somebody is signed in who may be answered. */
async function open(route: Route, request: Request, extra: Record<string, string> = {}): Promise<Response> {
  const { method, path, body } = renderRequest(route, request)
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(route.idempotent ? { 'idempotency-key': request.idempotencyKey ?? crypto.randomUUID() } : {}),
    ...extra,
  }
  const init = { method, headers, body: body ?? null, signal: request.signal ?? null }
  for (;;) {
    const response = await reach(path, init)
    if (response.ok) return response
    const error = await toError(response)
    if (error.code !== 'unauthenticated' || !(await waitForSignIn(request.signal))) throw error
  }
}

async function answerOf(response: Response, signal?: AbortSignal): Promise<unknown> {
  try {
    return await response.json()
  } catch (error) {
    signal?.throwIfAborted()
    throw asUnreachable(error)
  }
}

/** One request and its answer. Reads and idempotent calls are tried again on a passing failure. */
export async function call<T extends Route>(route: T, request: RequestOf<T>): Promise<ResponseOf<T>> {
  const asked: Request = { idempotencyKey: crypto.randomUUID(), ...request }
  const once = async () => answerOf(await open(route, asked), asked.signal)
  const isRepeatable = route.method === 'GET' || route.idempotent === true
  const answer = await retrying(once, { forMs: isRepeatable ? RETRY_MS : 0, signal: asked.signal })
  return answer as ResponseOf<T>
}

/** Newline-delimited JSON until the server ends it. */
export async function* lines<T extends Route>(
  route: T,
  request: RequestOf<T>,
): AsyncGenerator<ResponseOf<T>> {
  const asked: Request = request
  const response = await open(route, asked)
  for await (const line of textLines(chunksOf(response, SILENCE_MS, asked.signal))) {
    if (line === '') continue
    const value: unknown = JSON.parse(line)
    const failure = ErrorBody.safeParse(value)
    if (failure.success) throw MaruError.fromBody(failure.data)
    yield value as ResponseOf<T>
  }
}

/** How patient a stream of events is. */
export interface EventPatience {
  readonly resumeMs?: number
  readonly silenceMs?: number
  onLost?(): void
}

/** Server-sent events until `isLast`; a lost connection is resumed after the last event seen. */
export function events<T extends Route>(
  route: T,
  request: RequestOf<T>,
  isLast: (event: ResponseOf<T>) => boolean,
  patience: EventPatience = {},
): AsyncGenerator<ResponseOf<T>> {
  const asked: Request = request
  const connect = async (lastId: string) => {
    const resume: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId }
    const response = await open(route, asked, { accept: 'text/event-stream', ...resume })
    return chunksOf(response, patience.silenceMs ?? SILENCE_MS, asked.signal)
  }
  const received = resumingEvents(connect, {
    isLast: (event) => isLast(event as ResponseOf<T>),
    forMs: patience.resumeMs ?? RESUME_MS,
    signal: asked.signal,
    what: serverName(),
    onLost: () => patience.onLost?.(),
  })
  return received as AsyncGenerator<ResponseOf<T>>
}
