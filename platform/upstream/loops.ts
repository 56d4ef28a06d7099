import type { HostName } from '#contract/ids.ts'
import type { UpstreamOrders } from '#contract/upstream.ts'
import { recordOwnAct } from '#platform/audit/index.ts'
import { HOSTS_CHANGED, keepTelling, type Loops, serveHosts } from '#platform/fleet/index.ts'
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
const AGAIN_MS = 60_000

/** Looks after what providers should drop: hosts and partners are told, limits are looked at, what is over is ended. */
export function upstreamLoop(deps: ServerDeps): Loops {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = Promise.all([lookAfter, tellPartners].map((look) => look(deps, signal)))
  const hosts = serveHosts(deps, {
    unknown: 'upstream.hosts_unknown',
    lookEveryMs: AGAIN_MS,
    serve: (host, ended) => push(deps, host, ended),
  })
  return {
    async stop() {
      stopping.abort()
      await Promise.all([running, hosts.stop()])
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

/** Hands a host what it has to do. */
const push = (deps: ServerDeps, host: HostName, signal: AbortSignal) =>
  keepTelling(
    deps,
    host,
    {
      channels: [UPSTREAM_CHANGED, HOSTS_CHANGED],
      missed: 'upstream.push_failed',
      tell: async () => {
        const loaded = await read(() => loadUpstream(deps.db, deps.now()))
        if (!loaded.hosts.some(({ name }) => name === host)) return
        const orders = await withPasswords(deps, planOrders(loaded, host), loaded)
        await deps.agents.of(host).putUpstreamOrders(orders)
      },
    },
    signal,
  )

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
