import type { ControlConfig } from '#contract/installation.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { Connection } from './database.ts'
import type { RouteTable } from './routes.ts'
import { type Composition, startServer } from './start.ts'

/** Longer than the longest ordinary request; the engine kills a little later. */
const STOP_MS = 20_000

/** Runs a control plane as this process: until a signal ends it, or until it must not go on. */
export async function serve<A extends RouteTable>(
  config: ControlConfig,
  composition: Composition<A>,
  log: Log,
  connection?: Connection,
): Promise<void> {
  process.on('uncaughtException', (error) => {
    log.error('server.crashed', { error })
    process.exit(1)
  })
  const server = await startServer(config, composition, log, connection)
  const stop = (signal: NodeJS.Signals) => {
    log.info('server.stopping', { signal })
    setTimeout(() => process.exit(1), STOP_MS).unref()
    void server.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  void server.replaced.then(() => {
    // What is in its memory is from before: a new process begins from what the database says.
    log.error('server.replaced')
    process.exit(1)
  })
}
