import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { API } from '#contract/api.ts'
import { addressesOf } from '#contract/installation.ts'
import type { Route } from '#contract/route.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { askHttp } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'

/** Whether anything of the API opens itself to callers who are nobody. */
export const ACCOUNT_CHECKS: readonly Check[] = [
  { name: 'accounts.closed', promises: ['DAT-3'], everyS: 900, validS: 3600, run: lookAtDoors },
]

/** Values for the parameters of paths that exist nowhere. */
const NOWHERE: Readonly<Record<string, string>> = {
  app: 'probe-nowhere',
  operation: 'op_nowhere',
  token: 'tok_nowhere',
}

const ROUTES: readonly Route[] = Object.values(API).flatMap((routes) => Object.values<Route>(routes))

async function lookAtDoors({ config }: ServerDeps, signal: AbortSignal): Promise<Finding> {
  const door = {
    host: addressesOf(config.installation).edge.edge,
    port: config.installation.ports.https,
    name: config.installation.domain,
    tls: { ca: await readFile(config.caFile, 'utf8') },
    signal,
  }
  // The control: the same way in leads to a public route.
  const open = await askHttp({ ...door, path: '/health' })
  const closed = ROUTES.filter(({ access }) => access.resource !== 'public')
  const ajar: string[] = []
  for (const route of closed) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => NOWHERE[name] ?? 'nowhere')
    for (const headers of strangers()) {
      const { status } = await askHttp({ ...door, method: route.method, path, headers })
      if (status !== 401) ajar.push(`${route.method} ${route.path} answered ${status}`)
    }
  }
  const problems = [
    ...(open.status === 200 ? [] : [`A public route answered ${open.status}.`]),
    ...(ajar.length === 0 ? [] : [`${ajar.length} tries were not turned away, such as ${ajar[0]}.`]),
  ]
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'Every route of the API that is not public turned away a caller without identity and one with a made-up token.'
        : problems.join(' '),
    facts: [{ name: 'Routes tried', value: `${closed.length}, each ${strangers().length} times` }],
  }
}

/** Who knocks: nobody, and somebody with a token that was never given out. */
const strangers = (): Array<Record<string, string>> => [
  {},
  { authorization: `Bearer maru_${randomBytes(24).toString('base64url')}` },
]
