import type { HostName } from '#contract/ids.ts'
import type { UpstreamOrders } from '#contract/upstream.ts'
import { recordOwnAct } from '#platform/audit/index.ts'
import { HOSTS_CHANGED } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { endDropping } from './announce.ts'
import { actByLimits } from './limits.ts'
import { tellPartners } from './partners.ts'
import { planOrders } from './plan.ts'
import type { AutomaticAct } from './plan-automatic.ts'
import { type Loaded, loadUpstream, openSecret } from './snapshot.ts'
import { holdUpstreams, listOver, listProviders, UPSTREAM_CHANGED } from './store.ts'

/** What the platform does by itself, for the audit log. */
export const UPSTREAM_ACTS = {
  'upstream.announced': 'Had a provider drop what goes to an address, above its limit',
  'upstream.ended': 'Had providers let an address through again, because its time was over',
} as const

const LOOK_MS = 1_000
/** Hosts are told again after so long, also when nothing has changed: one may have been away. */
const AGAIN_MS = 60_000
const RETRY_MS = 2_000

/** Looks after what providers should drop: hosts and partners are told, limits are looked at, what is over is ended. */
export function upstreamLoop(deps: ServerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const looks = [lookAfter, push, tellPartners]
  const running = Promise.all(looks.map((look) => look(deps, signal)))
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Ends what is over, and asks for what limits ask for. */
async function lookAfter(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(UPSTREAM_CHANGED)
  let complained = false
  let isIdle = false
  const refused = new Set<string>()
  while (!signal.aborted) {
    try {
      await endOver(deps)
      const providers = await read(() => listProviders(deps.db))
      isIdle = providers.length === 0
      if (providers.some(({ automatic }) => automatic !== null))
        for (const act of await actByLimits(deps)) sayRefusal(deps, act, refused)
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('upstream.not_looked_at', { error })
      complained = true
    }
    await bell.wait(isIdle ? AGAIN_MS : LOOK_MS, signal)
  }
  bell.close()
}

/** Once for each address and reason: it is looked at every second. */
function sayRefusal({ log }: ServerDeps, { wanted, refusal }: AutomaticAct, said: Set<string>): void {
  const key = `${wanted.address} ${refusal?.code}`
  if (refusal === undefined || said.has(key)) return
  said.add(key)
  log.warn('upstream.not_announced', { address: wanted.address, why: refusal.code })
}

/** One look at what is over. */
export async function endOver({ db, now }: Pick<ServerDeps, 'db' | 'now'>): Promise<void> {
  const at = now()
  if ((await read(() => listOver(db, at))).length === 0) return
  await transact(db, async (tx) => {
    await holdUpstreams(tx)
    const snapshot = await loadUpstream(tx, at)
    for (const one of await listOver(tx, at)) {
      await endDropping(tx, snapshot, one, 'maru', at)
      const on = { address: one.address }
      await recordOwnAct(tx, { action: 'upstream.ended', on, told: { reason: one.reason } }, at)
    }
  })
}

/** Hands every host what it has to do: when that changes, and once a minute. */
async function push(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const bells = [deps.hub.bell(UPSTREAM_CHANGED), deps.hub.bell(HOSTS_CHANGED)]
  const complained = new Set<string>()
  while (!signal.aborted) {
    let isTold = true
    try {
      const loaded = await read(() => loadUpstream(deps.db, deps.now()))
      const told = await Promise.all(
        loaded.hosts.map(({ name }) => pushTo(deps, name, loaded, complained, signal)),
      )
      isTold = told.every((one) => one)
    } catch (error) {
      deps.log.warn('upstream.push_failed', { error })
      isTold = false
    }
    const over = new AbortController()
    const until = AbortSignal.any([over.signal, signal])
    await Promise.race(bells.map((bell) => bell.wait(isTold ? AGAIN_MS : RETRY_MS, until)))
    over.abort()
  }
  for (const bell of bells) bell.close()
}

async function pushTo(
  deps: ServerDeps,
  host: HostName,
  loaded: Loaded,
  complained: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const orders = planOrders(loaded, host)
    await deps.agents.of(host).putUpstreamOrders(await withPasswords(deps, orders, loaded))
    complained.delete(host)
    return true
  } catch (error) {
    if (!complained.has(host) && !signal.aborted) deps.log.warn('upstream.push_failed', { host, error })
    complained.add(host)
    return false
  }
}

async function withPasswords(
  deps: ServerDeps,
  { sessions, counted }: UpstreamOrders,
  { rows }: Loaded,
): Promise<UpstreamOrders> {
  const opened = sessions.map(async (session) => {
    const row = rows.find(({ name }) => name === session.name)
    return { ...session, password: row === undefined ? null : await openSecret(deps, row) }
  })
  return { sessions: await Promise.all(opened), counted }
}
