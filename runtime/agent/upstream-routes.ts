import { AGENT_API } from '#contract/agent-api.ts'
import { parseWith } from '#contract/errors.ts'
import { UpstreamOrders } from '#contract/upstream.ts'
import { readBody, sendJson } from './http.ts'
import type { AgentRoute, Handler } from './server.ts'

const MAX_BYTES = 1024 * 1024

const putUpstream: Handler = async ({ request, response }, { upstream, wake }) => {
  await upstream.putOrders(parseWith(UpstreamOrders, await readBody(request, MAX_BYTES)))
  wake()
  sendJson(response, 200, {})
}

/** What providers should drop. */
export const UPSTREAM_ROUTES: readonly AgentRoute[] = [['PUT', AGENT_API.upstream, putUpstream]]
