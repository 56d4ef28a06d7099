import { MaruError } from '#contract/errors.ts'
import { UPSTREAM_LIMITS, type Upstream, type UpstreamState, type WebhookBody } from '#contract/upstream.ts'
import type { upstreamRoutes } from '#contract/upstream-api.ts'
import { setOwnRules } from '#platform/network/index.ts'
import { isFresh, loadReports, publish } from '#platform/workload/index.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { beginDropping, endDropping } from './announce.ts'
import { ownAddresses, ratesOf, rulesOf, warningOf } from './plan.ts'
import { forgetSecret, loadUpstream, openSecret, providerOf, sealSecret } from './snapshot.ts'
import {
  type Db,
  deleteProvider,
  holdUpstreams,
  insertProvider,
  listProviders,
  type ProviderRow,
} from './store.ts'
import { tellPartner } from './webhook.ts'

/** Handlers of the routes about providers. */
export const upstreamHandlers: Handlers<typeof upstreamRoutes> = {
  list: async (_call, deps) => {
    const loaded = await read(() => loadUpstream(deps.db, deps.now()))
    const states = await read(() => loadStates(deps))
    const reports = [...(await read(() => loadReports(deps.db)))]
    const told = reports
      // What a silent host said last is no measurement of now.
      .filter(([, received]) => isFresh(received, deps.now()))
      .map(([host, { report }]) => ({ host, measured: report.upstream?.measured ?? [] }))
    return {
      upstreams: loaded.rows.map((row) => view(row, states)),
      ...{ dropped: loaded.dropped, measured: ratesOf(loaded, told), own: ownAddresses(loaded) },
    }
  },
  add: async ({ body, principal }, deps) => {
    const { secret, ...rest } = body
    if (body.settings.kind === 'webhook' && secret === undefined)
      throw new MaruError('invalid', {
        field: 'secret',
        reason: 'is needed: it signs what the partner is told',
      })
    const sealed = await sealSecret(deps, body.name, secret)
    const row = { ...rest, secret: sealed, created_by: principal.name, created_at: deps.now() }
    await transact(deps.db, async (tx) => {
      await holdUpstreams(tx)
      const { hosts } = await loadUpstream(tx, deps.now())
      const unknown = body.hosts.find((name) => !hosts.some((host) => host.name === name))
      if (unknown !== undefined) throw new MaruError('hosts.not_found', { host: unknown })
      const wrong = await insertProvider(tx, row)
      if (wrong === 'exists') throw new MaruError('upstream.exists', { upstream: body.name })
      if (wrong === 'full') throw new MaruError('upstream.full', { limit: UPSTREAM_LIMITS.upstreams })
      await keepRules(tx)
    })
    deps.log.info('upstream.added', { upstream: body.name, by: principal.name })
    return view({ ...row, acknowledged: null, acknowledged_at: null, problem: '' }, new Map())
  },
  remove: async ({ params, principal }, deps) => {
    await transact(deps.db, async (tx) => {
      await holdUpstreams(tx)
      if (!(await deleteProvider(tx, params.upstream)))
        throw new MaruError('upstream.not_found', { upstream: params.upstream })
      await keepRules(tx)
    })
    await forgetSecret(deps, params.upstream)
    deps.log.info('upstream.removed', { upstream: params.upstream, by: principal.name })
    return params
  },
  test: async ({ params }, deps) => {
    const row = (await read(() => listProviders(deps.db))).find(({ name }) => name === params.upstream)
    if (row === undefined) throw new MaruError('upstream.not_found', { upstream: params.upstream })
    const states = await tryProvider(deps, row)
    return { upstream: row.name, ok: states.length > 0 && states.every(({ ok }) => ok), states }
  },
  announce: async ({ body, principal }, deps) => {
    const { address, minutes, reason, evenLast, upstream = null, only = null } = body
    const wanted = { address, upstream, only, evenLast }
    const answer = await transact(deps.db, async (tx) => {
      await holdUpstreams(tx)
      const { https } = deps.config.installation.ports
      const snapshot = await loadUpstream(tx, deps.now(), https)
      const asked = { ...wanted, minutes, reason, by: principal.name, automatic: false }
      const dropped = await beginDropping(tx, snapshot, asked, deps.now())
      return { dropped, warning: warningOf(snapshot, wanted) }
    })
    deps.log.warn('upstream.announced', { address, until: answer.dropped.until, by: principal.name })
    return answer
  },
  withdraw: async ({ params: { address }, principal }, deps) => {
    await transact(deps.db, async (tx) => {
      await holdUpstreams(tx)
      const snapshot = await loadUpstream(tx, deps.now())
      const standing = snapshot.dropped.filter((one) => one.address === address)
      if (standing.length === 0) throw new MaruError('upstream.not_announced', { address })
      for (const one of standing) await endDropping(tx, snapshot, one, principal.name, deps.now())
    })
    deps.log.info('upstream.withdrawn', { address, by: principal.name })
    return { address }
  },
}

/** Hosts that are locked down speak to providers, too, and the control plane to partners. */
async function keepRules(tx: Db): Promise<void> {
  await setOwnRules(tx, rulesOf((await listProviders(tx)).map(providerOf)))
  await publish(tx)
}

type States = ReadonlyMap<string, readonly UpstreamState[]>

/** What hosts said last of their sessions, by provider. */
async function loadStates({ db }: Pick<ServerDeps, 'db'>): Promise<States> {
  const said = [...(await loadReports(db))].flatMap(([host, { report }]) =>
    (report.upstream?.sessions ?? []).map(({ name, up, detail }) => ({ name, host, ok: up, detail })),
  )
  const grouped = Map.groupBy(said, ({ name }) => name)
  return new Map(
    [...grouped].map(([name, all]) => [
      name,
      all.map(({ host, ok, detail }) => ({ host: host as UpstreamState['host'], ok, detail })),
    ]),
  )
}

const view = (row: ProviderRow, states: States): Upstream => ({
  ...{ name: row.name, settings: row.settings, hosts: row.hosts as Upstream['hosts'] },
  ...{ automatic: row.automatic, hasSecret: row.secret !== null, by: row.created_by },
  since: row.created_at.toISOString(),
  states: row.settings.kind === 'bgp' ? [...(states.get(row.name) ?? [])] : [partnerState(row)],
})

const partnerState = ({ acknowledged_at, problem }: ProviderRow): UpstreamState => ({
  host: null,
  ok: problem === '',
  detail:
    problem ||
    (acknowledged_at === null ? 'Not told yet' : `Acknowledged at ${acknowledged_at.toISOString()}`),
})

/** Of BGP what the hosts say now; a partner is sent a signed message that asks for nothing. */
async function tryProvider(deps: ServerDeps, row: ProviderRow): Promise<UpstreamState[]> {
  if (row.settings.kind === 'bgp') return [...((await read(() => loadStates(deps))).get(row.name) ?? [])]
  const now = deps.now()
  const { name: installation } = deps.config.installation
  const said: WebhookBody = { version: 1, kind: 'test', installation, sentAt: now.toISOString(), dropped: [] }
  const problem = await tellPartner(row.settings, (await openSecret(deps, row)) ?? '', said, now)
  return [{ host: null, ok: problem === '', detail: problem || 'It acknowledged a signed message' }]
}
