import { parseArgs } from 'node:util'
import { parseWith } from '#contract/errors.ts'
import { AgentConfig } from '#contract/installation.ts'
import { startAgent } from '#runtime/agent/start.ts'
import { readJson } from '#runtime/drivers/files.ts'
import { makeLog } from '#runtime/kit/log.ts'

const { values } = parseArgs({ options: { config: { type: 'string' } } })
if (values.config === undefined) {
  process.stderr.write('maru-agent --config FILE\n')
  process.exit(2)
}

const config = parseWith(AgentConfig, await readJson(values.config), 'config')
const log = makeLog(config.logLevel, (line) => process.stdout.write(`${line}\n`))
const agent = await startAgent(config, log)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log.info('agent.stopping', { signal })
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('agent.stop_failed', { error })
        process.exit(1)
      },
    )
  })
}
