import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseWith } from '#contract/errors.ts'
import { ControlConfig } from '#contract/installation.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { compose } from '#runtime/server/compose.ts'
import { startServer } from '#runtime/server/start.ts'

/** Longer than the longest ordinary request; the engine kills a little later. */
const STOP_MS = 20_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { config: { type: 'string', default: '/var/lib/maru/control/config.json' } },
})
const config = parseWith(ControlConfig, JSON.parse(readFileSync(values.config, 'utf8')), values.config)

if (positionals[0] === 'config') {
  const database = { ...config.database, password: '[redacted]' }
  process.stdout.write(`${JSON.stringify({ ...config, database }, null, 2)}\n`)
} else {
  await serve()
}

async function serve(): Promise<void> {
  const log = makeLog(config.logLevel, (line) => process.stdout.write(`${line}\n`))
  process.on('uncaughtException', (error) => {
    log.error('server.crashed', { error })
    process.exit(1)
  })
  const server = await startServer(config, compose(config), log)
  const stop = (signal: NodeJS.Signals) => {
    log.info('server.stopping', { signal })
    setTimeout(() => process.exit(1), STOP_MS).unref()
    void server.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  void server.replaced.then(() => {
    log.error('server.replaced')
    process.exit(1)
  })
}
