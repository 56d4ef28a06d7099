import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { findMember, removeHost } from './store.ts'

/** What runs on a host, in words: such as `shop web.1`. */
export type WhatRuns = (db: ServerDeps['db'], host: HostName) => Promise<string[]>

const SHOWN = 5

/** Removes a host. From that moment on its certificate is worth nothing; it is told as soon as it can be reached. */
export async function remove(
  deps: ServerDeps,
  name: HostName,
  lost: boolean,
  whatRuns: WhatRuns,
): Promise<void> {
  const row = await read(() => findMember(deps.db, name))
  if (row === undefined) throw new MaruError('hosts.not_found', { host: name })
  if (row.is_first) throw new MaruError('hosts.first_stays', { host: name })
  const running = lost ? [] : await read(() => whatRuns(deps.db, name))
  if (running.length > 0) {
    const more = running.length > SHOWN ? ` and ${running.length - SHOWN} more` : ''
    throw new MaruError('hosts.still_runs', {
      host: name,
      what: `${running.slice(0, SHOWN).join(', ')}${more}`,
    })
  }
  await transact(deps.db, (tx) => removeHost(tx, row, deps.now()))
  deps.log.info('fleet.removed', { host: name, lost })
}
