import { MaruError } from '#contract/errors.ts'
import { leavesOneDataCentre } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import type { By } from './drain.ts'
import { checkNotNeeded, giveUpParts } from './give-up-parts.ts'
import { listLeaving, tierHosts } from './keep-tier.ts'
import { type Places, surveyHosts } from './places.ts'
import {
  findMember,
  listMembers,
  loadFleet,
  loadPlacement,
  lockMembers,
  removeHost,
  wasMember,
} from './store.ts'
import type { Db, HostRow } from './tables.ts'
import { leavesTwoVoices } from './tier-plan.ts'

const SHOWN = 5

/** What whoever removes a host has said they know. */
export interface Removal {
  readonly host: HostName
  /** It will not come back. */
  readonly lost: boolean
  /** Every app may be in one data centre. */
  readonly last: boolean
  /** The store may be left with two members. */
  readonly twoVoices: boolean
}

/**
 * Refuses, before anything of a host is moved, where the installation would not go on without it. Gives the name of one that was
 * removed before: whoever was interrupted learns that it is done, and whoever mistyped a name that there never was such a host.
 */
export async function tryRemoval(deps: ServerDeps, removal: Removal): Promise<HostName | null> {
  const { host } = removal
  const [row, fleet] = await read(() => Promise.all([findMember(deps.db, host), loadFleet(deps.db)]))
  if (row === undefined) {
    if (await read(() => wasMember(deps.db, host))) return host
    throw new MaruError('hosts.not_found', { host })
  }
  await checkNotNeeded(deps, row, fleet)
  await read(() => checkVoices(deps.db, removal, deps.now()))
  return null
}

/**
 * Removes a host, whichever it is. From that moment on its certificate is worth nothing; it is told as soon as it can be reached. What
 * the platform had on it goes to others.
 */
export async function remove(deps: ServerDeps, removal: Removal, by: By, places: Places): Promise<void> {
  const { host, lost } = removal
  const [asked, fleet] = await read(async () => [
    await checkRemovable(deps, deps.db, removal, places),
    await loadFleet(deps.db),
  ])
  await checkNotNeeded(deps, asked, fleet)
  if (!lost) await giveUpParts(deps, asked, fleet)
  await transact(deps.db, async (tx) => {
    await lockMembers(tx)
    const row = await checkRemovable(deps, tx, removal, places)
    // While others were asked, something else may have gone.
    await checkNotNeeded(deps, row, await loadFleet(tx))
    await removeHost(tx, row, deps.now())
  })
  deps.log.info('fleet.removed', { host, lost, by: by.name, byId: by.id })
}

/** What the database knows against it. */
async function checkRemovable(deps: ServerDeps, db: Db, removal: Removal, places: Places): Promise<HostRow> {
  const { host, lost, last } = removal
  const row = await findMember(db, host)
  if (row === undefined) throw new MaruError('hosts.not_found', { host })
  if (!lost) await checkEmpty(db, host, places)
  if (!lost) await checkParts(db, host, deps.now())
  await checkVoices(db, removal, deps.now())
  if (!lost && !last) await checkDataCentre(deps, db, row, places)
  return row
}

async function checkEmpty(tx: Db, host: HostName, places: Places): Promise<void> {
  const running = await places.listRunning(tx, host)
  if (running.length === 0) return
  const more = running.length > SHOWN ? ` and ${running.length - SHOWN} more` : ''
  throw new MaruError('hosts.still_runs', { host, what: `${running.slice(0, SHOWN).join(', ')}${more}` })
}

/** What of the platform is there and can be elsewhere goes first, while its host still gives it. */
async function checkParts(tx: Db, host: HostName, now: Date): Promise<void> {
  const parts = await listLeaving(tx, host, now)
  if (parts.length > 0) throw new MaruError('hosts.still_has_parts', { host, what: parts.join(', ') })
}

/** A voice that is lost is no voice: the store is left with two whether its host is removed or not. */
async function checkVoices(db: Db, { host, lost, twoVoices }: Removal, now: Date): Promise<void> {
  if (lost || twoVoices) return
  const hosts = tierHosts(await listMembers(db), now)
  if (leavesTwoVoices(hosts, await loadPlacement(db), host))
    throw new MaruError('hosts.leaves_two_voices', { host })
}

/** A host that is lost leaves nobody worse off when it is removed, too. */
async function checkDataCentre({ now }: ServerDeps, tx: Db, row: HostRow, places: Places): Promise<void> {
  const hosts = await surveyHosts(tx, places, now())
  if (!leavesOneDataCentre(hosts, row.name)) return
  throw new MaruError('hosts.last_in_data_centre', { host: row.name, dataCentre: row.data_centre })
}
