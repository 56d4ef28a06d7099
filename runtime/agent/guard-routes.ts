import { z } from 'zod'
import { AGENT_API } from '#contract/agent-api.ts'
import { parseWith } from '#contract/errors.ts'
import { GuardOrders } from '#contract/guard.ts'
import { readBody, sendJson } from './http.ts'
import type { AgentRoute, Handler } from './server.ts'

const MAX_BYTES = 8 * 1024 * 1024
const Query = z.strictObject({
  after: z.coerce.number().int().default(0),
  waitMs: z.coerce.number().int().min(0).max(60_000).default(0),
})

const getGuard: Handler = async ({ response, query, signal }, { guard }) => {
  const { after, waitMs } = parseWith(Query, query)
  sendJson(response, 200, await guard.report(after, waitMs, signal))
}

const putGuard: Handler = async ({ request, response }, { guard }) => {
  await guard.putOrders(parseWith(GuardOrders, await readBody(request, MAX_BYTES)))
  sendJson(response, 200, {})
}

/** Whom the host holds, and what people decided about it. */
export const GUARD_ROUTES: readonly AgentRoute[] = [
  ['GET', AGENT_API.guard, getGuard],
  ['PUT', AGENT_API.guard, putGuard],
]
