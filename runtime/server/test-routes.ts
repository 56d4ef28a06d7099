import { Duplex } from 'node:stream'
import { z } from 'zod'
import { MaruError } from '#contract/errors.ts'
import { route } from '#contract/route.ts'
import type { HandlersOf } from './routes.ts'

/** What the handlers of the test routes have done. */
export const done: { counted: number; release: (() => void) | undefined } = { counted: 0, release: undefined }

const open = { resource: 'public', action: 'create' } as const
/** One route of each kind. */
export const routes = {
  try: {
    echo: route({
      method: 'POST',
      path: '/echo/{name}',
      summary: 'Echo',
      access: open,
      params: z.strictObject({ name: z.string().max(5, 'is too long') }),
      query: z.strictObject({ times: z.coerce.number().default(1) }),
      body: z.strictObject({ text: z.string() }),
      response: z.unknown(),
    }),
    count: route({
      method: 'POST',
      path: '/count',
      summary: 'Count',
      access: open,
      body: z.strictObject({ by: z.number(), fail: z.boolean().default(false) }),
      response: z.unknown(),
      status: 202,
      idempotent: true,
    }),
    upload: route({
      method: 'POST',
      path: '/upload',
      summary: 'Upload',
      access: open,
      response: z.unknown(),
      upload: { type: 'application/gzip', maxBytes: 1024 * 1024 },
    }),
    events: route({
      method: 'GET',
      path: '/events',
      summary: 'Events',
      access: { resource: 'public', action: 'read' },
      query: z.strictObject({ after: z.coerce.number().default(0) }),
      response: z.number(),
      kind: 'events',
    }),
    lines: route({
      method: 'GET',
      path: '/lines',
      summary: 'Lines',
      access: { resource: 'public', action: 'read' },
      response: z.unknown(),
      kind: 'lines',
    }),
    endless: route({
      method: 'GET',
      path: '/endless',
      summary: 'Lines that never come',
      access: { resource: 'public', action: 'read' },
      response: z.unknown(),
      kind: 'lines',
    }),
    duplex: route({ method: 'POST', path: '/duplex', summary: 'Duplex', access: open, kind: 'duplex' }),
    refused: route({
      method: 'POST',
      path: '/refused',
      summary: 'Refused',
      access: { resource: 'platform', action: 'manage' },
      kind: 'duplex',
    }),
    broken: route({
      method: 'GET',
      path: '/broken',
      summary: 'Broken',
      access: { resource: 'public', action: 'read' },
    }),
  },
}

/** Their handlers. */
export const handlers: HandlersOf<typeof routes> = {
  try: {
    echo: async ({ params, query, body }) => ({ name: params.name, times: query.times, text: body.text }),
    count: async ({ body }) => {
      done.counted += body.by
      if (body.by === 1000) await new Promise<void>((resolve) => (done.release = resolve))
      if (body.fail) throw new MaruError('apps.no_start')
      return { counted: done.counted }
    },
    upload: async ({ upload }) => {
      let bytes = 0
      for await (const chunk of upload) bytes += (chunk as Buffer).length
      return { bytes }
    },
    events: async ({ query }) =>
      (async function* () {
        for (let id = query.after + 1; id <= 3; id += 1) yield { id, data: id * 10 }
      })(),
    lines: async () =>
      (async function* () {
        yield { n: 1 }
        throw new MaruError('unreachable', { what: 'the host' })
      })(),
    endless: async ({ signal }) =>
      (async function* () {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      })(),
    duplex: async () => upperCase(),
    refused: async () => upperCase(),
    broken: async () => {
      throw new Error('postgres://user:secret@host leaked')
    },
  },
}

/** Answers in capitals, and ends when the caller does. */
function upperCase(): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      this.push(chunk.toString().toUpperCase())
      done()
    },
    final(done) {
      this.push(null)
      done()
    },
  })
}
