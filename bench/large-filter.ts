import { AppName } from '#contract/ids.ts'
import type { Installation } from '#contract/installation.ts'
import type { NetworkPolicy } from '#contract/network.ts'
import { compileFilter, type NetworkFacts } from '#platform/network/index.ts'

/** Addresses and apps of a large installation. */
export const MEMBERS = 10_000
export const APPS = 500

/** An installation that there is only in networks of a benchmark's own. */
export const IMAGINED = {
  id: 'bench',
  name: 'bench',
  subnet: '10.89',
  ports: { http: 80, https: 443 },
} satisfies Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>

/** Who belongs to which app, and what it may reach outside: nothing else. */
export interface Allowed {
  readonly from: string
  readonly to: string
  readonly port: number
}

/** The address of an instance. */
const memberOf = (at: number) => `10.89.${129 + Math.floor(at / 250)}.${(at % 250) + 1}`
const goalOf = (at: number) => `198.51.${Math.floor(at / 250) + 1}.${(at % 250) + 1}`
const PORT = 443

/** What the app with this number may reach, from the first of its addresses. */
export const allowedOf = (at: number): Allowed => ({ from: memberOf(at), to: goalOf(at), port: PORT })

/** What is wanted: so many addresses of so many apps, each of which may reach one address, and some one more. */
export const largeWish = (
  members: number,
  apps: number,
  moreRules = 0,
): { readonly policy: NetworkPolicy; readonly facts: NetworkFacts } => ({
  policy: policyOf(apps + moreRules, apps),
  facts: factsOf(members, apps),
})

/** The filter for that. */
export function largeFilter(members: number, apps: number) {
  const { policy, facts } = largeWish(members, apps)
  return compileFilter(policy, facts)
}

const policyOf = (rules: number, apps: number): NetworkPolicy => ({
  rules: Array.from({ length: rules }, (_, at) => ({
    id: `rule-${at}`,
    from: `app:app-${at % apps}`,
    to: goalOf(at),
    protocol: 'tcp' as const,
    ports: [`${PORT}`],
    reason: 'measured',
    approvedBy: 'bench',
    until: null,
    builtIn: false,
  })),
  lockDown: null,
})

const factsOf = (members: number, apps: number): NetworkFacts => ({
  installation: IMAGINED,
  ...{ hosts: [], own: undefined, resolvers: ['192.0.2.53'], ways: [] },
  apps: Array.from({ length: members }, (_, at) => ({
    address: memberOf(at),
    app: AppName.parse(`app-${at % apps}`),
    process: 'web',
  })),
})
