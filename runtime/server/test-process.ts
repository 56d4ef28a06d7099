import { readFileSync } from 'node:fs'
import { ControlConfig } from '#contract/installation.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { compose } from './compose.ts'
import type { Connection } from './database.ts'
import { serve } from './serve.ts'

// The control plane as bin/maru-server.ts runs it, but for the database: that of a test speaks no TLS.
const given = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  config: unknown
  connection: Connection
}
const config = ControlConfig.parse(given.config)
const log = makeLog(config.logLevel, (line) => process.stdout.write(`${line}\n`))
await serve(config, compose(config), log, given.connection)
