import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { API } from '#contract/api.ts'
import { type ErrorCode, MaruError } from '#contract/errors.ts'
import type { Route } from '#contract/route.ts'

export interface Seen {
  readonly route: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

const ROUTES: ReadonlyArray<readonly [string, Route]> = Object.entries(API).flatMap(([capability, routes]) =>
  Object.entries(routes).map(([name, route]) => [`${capability}.${name}`, route as Route] as const),
)

const matches = (route: Route, method: string | undefined, path: string) =>
  route.method === method && new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)

/** Answers with JSON. */
export const json =
  (body: unknown, status = 200): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** Answers with an error of the catalogue. */
export const failing = (code: ErrorCode, params = {}): Answer => {
  const error = new MaruError(code, params)
  return json(error.toBody(), error.status)
}

/** Breaks the connection without an answer. */
export const hangingUp: Answer = (request) => void request.socket.destroy()

/** An HTTP server of the API on a unix socket: each route answers what its next entry says, the last one for ever. */
export async function serve(t: TestContext, answers: Readonly<Record<string, readonly Answer[]>>) {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'))
  // Where root's socket of an installation is, so that whole commands can be run with `--home`.
  await mkdir(join(folder, 'run'))
  const path = join(folder, 'run', 'root.sock')
  const seen: Seen[] = []
  const counts = new Map<string, number>()
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const name = ROUTES.find(([, route]) => matches(route, request.method, url.pathname))?.[0] ?? 'none'
    const body = await text(request).catch(() => '')
    seen.push({ route: name, path: request.url ?? '', headers: request.headers, body })
    const count = counts.get(name) ?? 0
    counts.set(name, count + 1)
    const queue = answers[name] ?? []
    const answer = queue[Math.min(count, queue.length - 1)] ?? failing('not_found', { path: url.pathname })
    answer(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  })
  return { server, seen, home: folder, endpoint: { kind: 'socket', path } as const }
}
