import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseWith } from '#contract/errors.ts'
import { ControlConfig } from '#contract/installation.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { compose } from '#runtime/server/compose.ts'
import { serve } from '#runtime/server/serve.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { config: { type: 'string', default: '/var/lib/maru/control/config.json' } },
})
const config = parseWith(ControlConfig, JSON.parse(readFileSync(values.config, 'utf8')), values.config)

if (positionals[0] === 'config') {
  const database = { ...config.database, password: '[redacted]' }
  process.stdout.write(`${JSON.stringify({ ...config, database }, null, 2)}\n`)
} else {
  const log = makeLog(config.logLevel, (line) => process.stdout.write(`${line}\n`))
  await serve(config, compose(config), log)
}
