import type { Principal } from '#contract/access.ts'
import { MaruError } from '#contract/errors.ts'
import { type HostView, isReplaceable } from '#contract/host-view.ts'
import type { HostName } from '#contract/ids.ts'
import { counted } from '#runtime/kit/human-units.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { listLeaving } from './keep-tier.ts'
import { inFigures, type Places, type Stranded, surveyHosts } from './places.ts'
import { findMember, lockMembers, setDraining } from './store.ts'
import type { Db } from './tables.ts'

/** Who asks for it, for the record. */
export type By = Pick<Principal, 'id' | 'name'>

/**
 * Begins to empty a host. It is refused where its instances would have no place; a host that is being emptied already
 * goes on.
 */
export async function drain(deps: ServerDeps, name: HostName, by: By, places: Places): Promise<HostView> {
  return await setDrain(deps, name, { on: true, by }, places)
}

/** Lets a host have instances again. */
export async function undrain(deps: ServerDeps, name: HostName, by: By, places: Places): Promise<HostView> {
  return await setDrain(deps, name, { on: false, by }, places)
}

/** One at a time: two hosts that are emptied at once could each count on the other. */
async function setDrain(
  { db, now, log }: ServerDeps,
  name: HostName,
  { on, by }: { readonly on: boolean; readonly by: By },
  places: Places,
): Promise<HostView> {
  const { changed, host } = await transact(db, async (tx) => {
    await lockMembers(tx)
    const row = await findMember(tx, name)
    if (row === undefined) throw new MaruError('hosts.not_found', { host: name })
    if (on && !row.draining && row.role === 'witness') await checkGives(tx, name, now())
    if (on && !row.draining) await checkRoom(tx, name, places, now())
    if (row.draining !== on) await setDraining(tx, row.id, on)
    const found = (await surveyHosts(tx, places, now())).find((one) => one.name === name)
    return { changed: row.draining !== on, host: found }
  })
  if (host === undefined) throw new MaruError('hosts.not_found', { host: name })
  if (changed)
    log.info(on ? 'fleet.drain_begun' : 'fleet.drain_ended', { host: name, by: by.name, byId: by.id })
  return inFigures(host)
}

/** A witness has nothing but its voice: there is something to do only where another host gets that. */
async function checkGives(tx: Db, host: HostName, now: Date): Promise<void> {
  if ((await listLeaving(tx, host, now)).length === 0) throw new MaruError('hosts.is_witness', { host })
}

async function checkRoom(tx: Db, name: HostName, places: Places, now: Date): Promise<void> {
  const hosts = await surveyHosts(tx, places, now)
  const own = hosts.find((one) => one.name === name)
  const hasApps = own !== undefined && (own.runsApps || own.instances > 0)
  if (hasApps && !isReplaceable(hosts, name)) throw new MaruError('hosts.only_one', { host: name })
  const stranded = await places.findStranded(tx, name, now)
  if (stranded.length === 0) return
  const missingMb = stranded.reduce((sum, { memoryMb }) => sum + memoryMb, 0)
  throw new MaruError('hosts.no_room', { host: name, what: describeStranded(stranded), missingMb })
}

const SHOWN = 5

/** Such as `2 instances of shop, 1 of blog`. */
function describeStranded(stranded: readonly Stranded[]): string {
  const parts = stranded
    .slice(0, SHOWN)
    .map(({ app, count }, at) => `${at === 0 ? counted(count, 'instance') : count} of ${app}`)
  const more = stranded.length - SHOWN
  return [...parts, ...(more > 0 ? [`those of ${counted(more, 'more app')}`] : [])].join(', ')
}
