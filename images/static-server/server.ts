#!/usr/bin/env node
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { SiteFiles } from './site-files.ts'
import { makeStaticHandler } from './static-handler.ts'

/** `maru-static [FOLDER]`: serves a folder on $PORT until it is asked to stop. */
const root = resolve(process.argv[2] ?? '.')
const port = Number(process.env.PORT ?? 8080)
const server = createServer(makeStaticHandler(root, new SiteFiles(root)))
// The edge keeps connections open; it must be the one that closes them, or a request meets a closing connection.
server.keepAliveTimeout = 75_000
server.listen(port, () => process.stdout.write(`Serving ${root} on port ${port}\n`))
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeIdleConnections()
  })
}
