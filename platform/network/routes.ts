import type { Principal } from '#contract/access.ts'
import { MaruError } from '#contract/errors.ts'
import {
  activePolicy,
  NETWORK_GROUPS,
  NETWORK_LIMITS,
  type NetworkGroup,
  NetworkRule,
  NO_POLICY,
  parseEnd,
} from '#contract/network.ts'
import type { NetworkRuleView, networkRoutes } from '#contract/network-api.ts'
import { listHosts } from '#platform/fleet/index.ts'
import { publish } from '#platform/workload/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { builtInRules } from './built-in-rules.ts'
import { type Caller, callerOf, pauseWay } from './deny-trial.ts'
import { explain, type Question } from './explain.ts'
import { goalOf, insideOf, type NetworkFacts } from './layout.ts'
import { refuseRule } from './rule-plan.ts'
import { refuseMixedVersions } from './same-version.ts'
import {
  type Db,
  deleteRule,
  forgetEnded,
  insertRule,
  isOwnRule,
  listRulesOfApp,
  listRulesOfApps,
  loadPolicy,
  lockRules,
  setLockDown,
} from './store.ts'
import {
  deleteWish,
  forgetSameWish,
  insertWish,
  isApprovalNeeded,
  listWishes,
  setApprovalNeeded,
  setAsker,
  withAskers,
} from './wish-store.ts'

/** Rings when people changed who may reach whom, or asked for it. */
export const RULES_CHANGED = 'network_rules'

/** What this capability needs to know of apps: handed in where both are known. */
export interface Apps {
  findApp(deps: ServerDeps, name: string): Promise<{ readonly id: string; readonly name: string }>
  listNames(deps: ServerDeps): Promise<readonly string[]>
}

type Asked = Pick<NetworkRule, 'from' | 'to' | 'protocol' | 'ports' | 'reason'> & {
  readonly until?: string | undefined
}

/** A rule that has ended is shown for so long: whoever wonders why something fails finds it. */
const SHOWN_MS = 7 * 86_400_000

/** Handlers of the network's routes. */
export const makeNetworkHandlers = (apps: Apps): Handlers<typeof networkRoutes> => ({
  groups: async (_call, deps) => {
    const facts = await factsOf(deps.db, deps)
    const names = await apps.listNames(deps)
    return {
      groups: Object.keys(NETWORK_GROUPS).map((group) => viewGroup(group as NetworkGroup, facts, names)),
    }
  },
  rules: async (_call, deps) => {
    const { rules, lockDown } = await read(() => loadPolicy(deps.db))
    const standing = activePolicy({ ...NO_POLICY, lockDown }, deps.now()).lockDown
    return {
      rules: [...(await viewRules(deps, [...builtIn(deps), ...rules])), ...(await viewWishes(deps))],
      lockDown: standing,
      approvalNeeded: await read(() => isApprovalNeeded(deps.db)),
    }
  },
  allow: async ({ body, principal }, deps) => {
    const end = parseEnd(body.from)
    const app = end?.kind === 'app' ? await apps.findApp(deps, end.app) : null
    return await allow(deps, body, principal, app?.id ?? null)
  },
  deny: async ({ params, query, principal, source }, deps) =>
    await deny(deps, params.rule, principal, undefined, callerOf(source, query)),
  approve: async ({ params, principal }, deps) => await approve(deps, params.rule, principal),
  approval: async ({ body, principal }, deps) => ({
    approvalNeeded: await changeApproval(deps, body.needed, principal),
  }),
  explain: async ({ query }, deps) => await answer(deps, query),
  lockDown: async ({ body, principal }, deps) => ({
    lockDown: await changeLockDown(deps, body.state, principal),
  }),
  appRules: async ({ params }, deps) => {
    const app = await apps.findApp(deps, params.app)
    return {
      rules: [
        ...(await viewRules(deps, await rulesAbout(deps, app.id))),
        ...(await viewWishes(deps, app.id)),
      ],
      approvalNeeded: await read(() => isApprovalNeeded(deps.db)),
    }
  },
  appAllow: async ({ params, body, principal }, deps) => {
    const app = await apps.findApp(deps, params.app)
    const { process, ...asked } = body
    const from = process === undefined ? `app:${app.name}` : `app:${app.name}/${process}`
    const wish = await read(() => isApprovalNeeded(deps.db))
    return await allow(deps, { from, ...asked }, principal, app.id, wish)
  },
  appDeny: async ({ params, principal }, deps) => {
    const app = await apps.findApp(deps, params.app)
    return await deny(deps, params.rule, principal, app.id)
  },
  appExplain: async ({ params, query, principal }, deps) => {
    const app = await apps.findApp(deps, params.app)
    const { process, ...question } = query
    const from = process === undefined ? `app:${app.name}` : `app:${app.name}/${process}`
    return await answer(deps, { from, ...question }, principal.operator ? undefined : app.id)
  },
})

const builtIn = ({ config }: Pick<ServerDeps, 'config'>) => builtInRules(config.installation)

/** What the control plane knows of every host alike. */
async function factsOf(db: Db, { config }: Pick<ServerDeps, 'config'>): Promise<NetworkFacts> {
  const hosts = (await read(() => listHosts(db))).map(({ address }) => address)
  return {
    installation: config.installation,
    hosts,
    own: undefined,
    ...{ resolvers: [], ways: [], apps: [] },
  }
}

function viewGroup(group: NetworkGroup, facts: NetworkFacts, apps: readonly string[]) {
  const { known, outside } = goalOf(group, facts)
  const members = group === 'apps' ? apps.map((name) => `app:${name}`) : [...known, ...outside]
  return { group, ...NETWORK_GROUPS[group], members }
}

async function allow(
  deps: ServerDeps,
  asked: Asked,
  principal: Principal,
  appId: string | null,
  wish = false,
): Promise<NetworkRuleView> {
  const now = deps.now()
  const owner = /^app:([^/]+)/.exec(asked.from)?.[1] ?? asked.from.replaceAll(/[^a-z]+/g, '')
  const rule = NetworkRule.parse({
    ...asked,
    id: randomId(owner === '' ? 'outside' : owner).replace('_', '-'),
    approvedBy: principal.name,
    until: asked.until ?? null,
    builtIn: false,
  })
  await transact(deps.db, async (tx) => {
    await lockRules(tx)
    await forgetEnded(tx, new Date(now.getTime() - SHOWN_MS))
    const { rules } = await loadPolicy(tx)
    const own = appId === null ? [] : await listRulesOfApp(tx, appId)
    const inside = insideOf(await factsOf(tx, deps))
    const waiting = appId === null ? [] : await listWishes(tx, appId)
    const count = { all: rules.length, app: own.length + waiting.length }
    // What waits is looked at by an operator.
    const refusal = refuseRule(asked, { operator: wish || principal.operator, inside, count, now })
    if (refusal !== undefined) throw new MaruError(refusal.code, refusal.params)
    const isNew =
      wish && appId !== null ? await insertWish(tx, rule, appId, now) : await insertRule(tx, rule, appId)
    if (!isNew) throw new MaruError('network.exists', { from: rule.from, to: rule.to })
    if (!wish) await forgetSameWish(tx, rule)
    if (!wish) await publish(tx)
    await notify(tx, RULES_CHANGED)
  })
  const said = wish ? 'network.asked' : 'network.allowed'
  deps.log.info(said, { rule: rule.id, by: principal.name, byId: principal.id })
  return wish ? { ...rule, approvedBy: null, askedBy: principal.name } : { ...rule, askedBy: null }
}

/** What an app's people asked for is a rule from now on. */
async function approve(deps: ServerDeps, id: string, principal: Principal): Promise<NetworkRuleView> {
  const now = deps.now()
  const rule = await transact(deps.db, async (tx) => {
    await lockRules(tx)
    const found = await deleteWish(tx, id)
    if (found === undefined) throw new MaruError('network.not_waiting', { rule: id })
    const { askedBy, ...wish } = found.wish
    const approved = { ...wish, approvedBy: principal.name }
    const count = { all: (await loadPolicy(tx)).rules.length, app: 0 }
    const inside = insideOf(await factsOf(tx, deps))
    const asked = { ...approved, until: approved.until ?? undefined }
    const refusal = refuseRule(asked, { operator: true, inside, count, now })
    if (refusal !== undefined) throw new MaruError(refusal.code, refusal.params)
    if (!(await insertRule(tx, approved, found.appId)))
      throw new MaruError('network.exists', { from: approved.from, to: approved.to })
    await setAsker(tx, id, askedBy)
    await publish(tx)
    await notify(tx, RULES_CHANGED)
    return { ...approved, askedBy }
  })
  deps.log.info('network.approved', { rule: id, by: principal.name, byId: principal.id })
  return rule
}

async function changeApproval(deps: ServerDeps, needed: boolean, principal: Principal): Promise<boolean> {
  await transact(deps.db, async (tx) => {
    await setApprovalNeeded(tx, needed, deps.now(), principal.name)
    await notify(tx, RULES_CHANGED)
  })
  deps.log.info('network.approval', { needed, by: principal.name, byId: principal.id })
  return needed
}

const viewRules = (deps: ServerDeps, rules: readonly NetworkRule[]) => read(() => withAskers(deps.db, rules))
const viewWishes = (deps: ServerDeps, appId?: string) => read(() => listWishes(deps.db, appId))

async function deny(
  deps: ServerDeps,
  id: string,
  principal: Principal,
  appId?: string,
  caller?: Caller,
): Promise<NetworkRuleView> {
  const isBuiltIn = builtIn(deps).some((rule) => rule.id === id) || (await read(() => isOwnRule(deps.db, id)))
  if (isBuiltIn) throw new MaruError('network.built_in', { rule: id })
  const gone = await transact(deps.db, async (tx) => {
    await notify(tx, RULES_CHANGED)
    const waited = await deleteWish(tx, id, appId)
    if (waited !== undefined) return waited.wish
    const rule = (caller && (await pauseWay(tx, id, caller, deps))) ?? (await deleteRule(tx, id, appId))
    if (rule === undefined) throw new MaruError('network.no_rule', { rule: id })
    await publish(tx)
    return { ...rule, askedBy: null }
  })
  deps.log.info('network.denied', { rule: id, by: principal.name, byId: principal.id })
  return gone
}

/** Of an app's own connections what its people may see decides alone, and no sentence names a rule of others. */
async function answer(deps: ServerDeps, question: Question, appId?: string) {
  const now = deps.now()
  const policy = await read(() => loadPolicy(deps.db))
  const rules = appId === undefined ? [...builtIn(deps), ...policy.rules] : await rulesAbout(deps, appId)
  const locked = activePolicy({ ...policy, rules: [] }, now).lockDown !== null
  const waiting = await viewWishes(deps, appId)
  return explain(rules, await factsOf(deps.db, deps), question, now, { waiting, locked })
}

/** What an app's people may see: the rules for every app, the platform's and people's, and the app's own. */
async function rulesAbout(deps: ServerDeps, appId: string): Promise<NetworkRule[]> {
  const everybody = builtIn(deps).filter(({ from, to }) => from === 'apps' || to === 'apps')
  const ofApps = await read(() => listRulesOfApps(deps.db))
  return [...everybody, ...ofApps, ...(await read(() => listRulesOfApp(deps.db, appId)))]
}

async function changeLockDown(deps: ServerDeps, state: 'try' | 'keep' | 'off', principal: Principal) {
  const now = deps.now()
  const next = await transact(deps.db, async (tx) => {
    if (state !== 'off') await refuseMixedVersions(tx, deps)
    const { lockDown } = activePolicy(await loadPolicy(tx), now)
    if (state === 'keep' && lockDown === null) throw new MaruError('network.no_trial', {})
    const until = new Date(now.getTime() + NETWORK_LIMITS.lockDownTrialS * 1000).toISOString()
    const begun = lockDown ?? { since: now.toISOString(), by: principal.name, until }
    const wanted = state === 'off' ? null : state === 'keep' ? { ...begun, until: null } : begun
    await setLockDown(tx, wanted)
    await publish(tx)
    await notify(tx, RULES_CHANGED)
    return wanted
  })
  deps.log.info('network.lock_down', { state, by: principal.name, byId: principal.id })
  return next
}
