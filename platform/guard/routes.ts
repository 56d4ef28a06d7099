import { MaruError } from '#contract/errors.ts'
import { GUARD_LIMITS, type NetworkBlock, type Partner } from '#contract/guard.ts'
import type { guardRoutes } from '#contract/guard-api.ts'
import type { HostName } from '#contract/ids.ts'
import { isWithin, overlap, parseNetwork } from '#contract/networks.ts'
import { listHosts, listSharedAddresses } from '#platform/fleet/index.ts'
import { loadReports } from '#platform/workload/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { describeEngagement, heldAs } from './orders.ts'
import {
  deletePartner,
  endEngagement,
  insertEngagement,
  listBlocks,
  listEngagements,
  listEvents,
  listPartners,
  listReports,
  loadTraffic,
  putBlock,
  putLift,
  putPartner,
} from './store.ts'
import type { BlockRow, PartnerRow } from './tables.ts'
import { spanOf } from './traffic.ts'

const DAY_MS = 86_400_000

/** Handlers of the routes about who is kept out of the hosts. */
export const guardHandlers: Handlers<typeof guardRoutes> = {
  blocks: async (_call, deps) => await loadBlocks(deps),
  block: async ({ body, principal, source: caller }, deps) => {
    await refuseOwn(deps, body.source, [caller, ...(body.self === undefined ? [] : [body.self])])
    const now = deps.now()
    const row: BlockRow = {
      ...{ source: body.source, since: now, reason: body.reason, created_by: principal.name },
      until: body.minutes === null ? null : new Date(now.getTime() + body.minutes * 60_000),
    }
    await transact(deps.db, async (tx) => {
      refuseFull((await listBlocks(tx)).length, 'blocks')
      const partner = (await listPartners(tx)).find((one) => isPartOf(body.source, one.source))
      if (partner !== undefined)
        throw new MaruError('guard.is_partner', { source: body.source, partner: partner.source })
      await putBlock(tx, row)
    })
    deps.log.info('network.blocked', { source: body.source, by: principal.name })
    return viewBlock(row)
  },
  lift: async ({ body, principal }, deps) => {
    const { blocks } = await loadBlocks(deps)
    const forms = heldAs(body.source)
    const meant = forms.filter((form) => blocks.some(({ source }) => source === form))
    if (meant.length === 0) throw new MaruError('guard.not_blocked', { source: body.source })
    await transact(deps.db, async (tx) => {
      for (const source of meant) await putLift(tx, source, deps.now())
    })
    deps.log.info('network.lifted', { source: body.source, by: principal.name })
    return { source: meant[0] ?? body.source }
  },
  events: async ({ query }, { db }) => ({
    events: (await read(() => listEvents(db, query))).map(({ host, event }) => ({
      ...event,
      host: host as HostName,
    })),
  }),
  traffic: async ({ query: { range, host } }, { db, now }) => {
    const span = spanOf(range, now())
    const since = new Date(span.from)
    return { range, ...span, ...(await read(() => loadTraffic(db, { host, stepS: span.stepS, since }))) }
  },
  partners: async (_call, { db }) => ({ partners: (await read(() => listPartners(db))).map(viewPartner) }),
  addPartner: async ({ body, principal }, { db, now, log }) => {
    const row = { ...body, created_by: principal.name, since: now() }
    await transact(db, async (tx) => {
      refuseFull((await listPartners(tx)).length, 'partners')
      const lasts = ({ until }: BlockRow) => until === null || until > row.since
      const block = (await listBlocks(tx)).find((one) => lasts(one) && isPartOf(one.source, body.source))
      if (block !== undefined)
        throw new MaruError('guard.is_blocked', { source: body.source, block: block.source })
      await putPartner(tx, row)
    })
    log.info('network.partner', { source: body.source, by: principal.name })
    return viewPartner(row)
  },
  removePartner: async ({ body }, { db }) => {
    if (!(await transact(db, (tx) => deletePartner(tx, body.source))))
      throw new MaruError('guard.not_partner', { source: body.source })
    return body
  },
  engagements: async (_call, { db, now }) => ({
    engagements: (await read(() => listEngagements(db))).map((row) => describeEngagement(row, now())),
  }),
  addEngagement: async ({ body, principal }, { db, now, log }) => {
    const [from, until] = [new Date(body.from), new Date(body.until)]
    if (until <= from || until <= now())
      throw new MaruError('invalid', {
        field: 'until',
        reason: 'must be later than the beginning, and than now',
      })
    if (until.getTime() - from.getTime() > GUARD_LIMITS.engagementDays * DAY_MS)
      throw new MaruError('invalid', {
        field: 'until',
        reason: `must be at most ${GUARD_LIMITS.engagementDays} days after the beginning`,
      })
    const { source, reference, hosts } = body
    const known = (await read(() => listHosts(db, now()))).map(({ name }) => name)
    const unknown = hosts.find((host) => !known.includes(host))
    // A host of another name would hold the tester in spite of the agreement.
    if (unknown !== undefined) throw new MaruError('hosts.not_found', { host: unknown })
    const id = randomId<string>('eng')
    const row = { id, source, reference, hosts, starts_at: from, ends_at: until, created_by: principal.name }
    await transact(db, (tx) => insertEngagement(tx, row))
    log.info('network.engagement', { id, source, reference, by: principal.name })
    return describeEngagement(row, now())
  },
  endEngagement: async ({ params, principal }, { db, now, log }) => {
    const row = await transact(db, (tx) => endEngagement(tx, params.engagement, now()))
    if (row === undefined) throw new MaruError('guard.no_engagement', { id: params.engagement })
    log.info('network.engagement_ended', { id: params.engagement, by: principal.name })
    return describeEngagement(row, now())
  },
}

/** Whether all of a network is in the other one: a partner is never judged, so one that is blocked would be let in all the same. */
function isPartOf(source: string, other: string): boolean {
  const [inner, outer] = [parseNetwork(source), parseNetwork(other)]
  return inner !== undefined && outer !== undefined && isWithin(inner, outer)
}

function refuseFull(count: number, what: string): void {
  if (count >= GUARD_LIMITS.blocks) throw new MaruError('guard.full', { what, limit: GUARD_LIMITS.blocks })
}

/** Nobody blocks the hosts of the installation, or himself. */
async function refuseOwn({ db, now }: ServerDeps, source: string, callers: readonly string[]): Promise<void> {
  const wanted = parseNetwork(source)
  const hosts = await read(() => listHosts(db, now()))
  const reports = await read(() => loadReports(db))
  const places: ReadonlyArray<{ readonly whom: string; readonly address: string }> = [
    ...hosts.flatMap(({ name, address }) =>
      [address, ...(reports.get(name)?.report.addresses6 ?? [])].map((one) => ({
        whom: `the host ${name}`,
        address: one,
      })),
    ),
    ...(await read(() => listSharedAddresses(db))).map(({ dataCentre, address }) => ({
      whom: `the address that the hosts of ${dataCentre} share`,
      address,
    })),
  ]
  const own = [
    { whom: 'the host itself', address: '127.0.0.0/8' },
    { whom: 'the host itself', address: '::1' },
    ...callers.map((caller) => ({ whom: 'your own address', address: caller.replace(/^::ffff:/, '') })),
  ]
  for (const { whom, address } of [...places, ...own]) {
    const one = parseNetwork(address)
    if (wanted !== undefined && one !== undefined && overlap(wanted, one))
      throw new MaruError('guard.would_cut_off', { source, whom })
  }
}

async function loadBlocks({ db, now }: ServerDeps) {
  const [blocks, reports] = await read(() => Promise.all([listBlocks(db), listReports(db)]))
  const isOver = ({ until }: { until: string | null }) =>
    until !== null && Date.parse(until) <= now().getTime()
  const held = reports.flatMap(({ host, blocks: own }) =>
    own
      .filter(({ kind }) => kind !== 'blocked')
      .map((block): NetworkBlock => ({ ...block, host: host as HostName, by: null })),
  )
  return {
    blocks: [...blocks.map(viewBlock), ...held].filter((block) => !isOver(block)),
    problems: reports
      .filter(({ problem }) => problem !== '')
      .map(({ host, problem }) => ({ host: host as HostName, problem })),
  }
}

const viewBlock = ({ source, since, until, reason, created_by }: BlockRow): NetworkBlock => ({
  ...{ source, kind: 'blocked', reason, times: 1, host: null, by: created_by },
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
})

const viewPartner = ({ source, reason, created_by, since }: PartnerRow): Partner => ({
  ...{ source, reason, by: created_by },
  since: since.toISOString(),
})
