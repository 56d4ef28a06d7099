import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { type AgentConfig, HOME, SOCKETS } from '#contract/installation.ts'
import { stackRoutes } from '#contract/stacks.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { readJson } from '#runtime/drivers/files.ts'
import type { HostProgress } from './progress.ts'

/** The app stack that this host has used so far; undefined before the first `up`. */
export async function appStackOf(home: string): Promise<string | undefined> {
  const config = (await readJson(join(home, HOME.agent, 'config.json'))) as Partial<AgentConfig> | undefined
  return config?.images?.app
}

/** Starts the roll of every app onto the newest stack; gives its operation, null where nothing has to be moved. */
export async function startStackRoll(home: string, progress: HostProgress): Promise<string | null> {
  const client = makeClient({ kind: 'socket', path: join(home, HOME.run, SOCKETS.root) })
  try {
    const { operation } = await client.call(stackRoutes.roll, {})
    return operation?.id ?? null
  } catch (error) {
    // The host is up, which is what was asked for; what is left to do is told.
    if (!(error instanceof MaruError)) throw error
    progress.note(
      `The apps were not moved onto the newer stack: ${error.message} Later: \`maru stack roll\`.`,
    )
    return null
  }
}
