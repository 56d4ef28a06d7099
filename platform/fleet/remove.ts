import { MaruError } from '#contract/errors.ts'
import { leavesOneDataCentre } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import type { By } from './drain.ts'
import { tierHosts } from './keep-tier.ts'
import { type Places, surveyHosts } from './places.ts'
import { findMember, listMembers, loadPlacement, lockMembers, removeHost } from './store.ts'
import type { Db, HostRow } from './tables.ts'
import { partsLeaving } from './tier-plan.ts'

const SHOWN = 5

/** What whoever removes a host has said they know. */
export interface Removal {
  readonly host: HostName
  /** It will not come back. */
  readonly lost: boolean
  /** Every app may be in one data centre. */
  readonly last: boolean
}

/** Removes a host. From that moment on its certificate is worth nothing; it is told as soon as it can be reached. */
export async function remove(deps: ServerDeps, removal: Removal, by: By, places: Places): Promise<void> {
  const { host, lost } = removal
  await transact(deps.db, async (tx) => {
    await lockMembers(tx)
    const row = await findMember(tx, host)
    if (row === undefined) throw new MaruError('hosts.not_found', { host })
    if (row.is_first) throw new MaruError('hosts.first_stays', { host })
    if (!lost) await checkEmpty(tx, host, places)
    if (!lost) await checkParts(tx, host, deps.now())
    if (!lost && !removal.last) await checkDataCentre(deps, tx, row, places)
    await removeHost(tx, row, deps.now())
  })
  deps.log.info('fleet.removed', { host, lost, by: by.name, byId: by.id })
}

async function checkEmpty(tx: Db, host: HostName, places: Places): Promise<void> {
  const running = await places.listRunning(tx, host)
  if (running.length === 0) return
  const more = running.length > SHOWN ? ` and ${running.length - SHOWN} more` : ''
  throw new MaruError('hosts.still_runs', { host, what: `${running.slice(0, SHOWN).join(', ')}${more}` })
}

/** What of the platform is there and can be elsewhere goes first, while its host still gives it. */
async function checkParts(tx: Db, host: HostName, now: Date): Promise<void> {
  const hosts = tierHosts(await listMembers(tx), now)
  const parts = partsLeaving(hosts, await loadPlacement(tx), host)
  if (parts.length > 0) throw new MaruError('hosts.still_has_parts', { host, what: parts.join(', ') })
}

/** A host that is lost leaves nobody worse off when it is removed, too. */
async function checkDataCentre({ now }: ServerDeps, tx: Db, row: HostRow, places: Places): Promise<void> {
  const hosts = await surveyHosts(tx, places, now())
  if (!leavesOneDataCentre(hosts, row.name)) return
  throw new MaruError('hosts.last_in_data_centre', { host: row.name, dataCentre: row.data_centre })
}
