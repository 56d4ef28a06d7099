import { z } from 'zod'
import { AGENT_API } from '#contract/agent-api.ts'
import { EdgeCertificates, EdgeSigning } from '#contract/edge-certificates.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { signForEdge } from '#platform/edge/index.ts'
import { readBody, sendJson } from './http.ts'
import type { AgentRoute, Handler } from './server.ts'

/** EDGE_REQUESTS_PER_CALL of the longest requests. */
const REQUESTS_MAX_BYTES = 1024 * 1024
/** As many of the longest certificates. */
const CERTIFICATES_MAX_BYTES = 4 * 1024 * 1024

const Query = z.strictObject({ after: z.string().max(253).default('') })

const getRequests: Handler = async ({ response, query }, { asked }) => {
  const { after } = parseWith(Query, query)
  sendJson(response, 200, { requests: (await asked?.requests(after)) ?? [] })
}

const putCertificates: Handler = async ({ request, response }, { asked, wake, log }) => {
  if (asked === undefined) throw new MaruError('not_found', { path: AGENT_API.edgeCertificates })
  const { certificates } = parseWith(EdgeCertificates, await readBody(request, CERTIFICATES_MAX_BYTES))
  const taken = await asked.take(certificates)
  log.info('agent.edge_certificates_taken', { taken })
  wake()
  sendJson(response, 200, { taken })
}

/** Who asks decides nothing: an app's name is signed when this host, too, is to serve it. */
const postSignatures: Handler = async ({ request, response }, { signer, installation, workloads, log }) => {
  const authority = await signer()
  if (authority === undefined) throw new MaruError('not_found', { path: AGENT_API.edgeSignatures })
  const wanted = parseWith(EdgeSigning, await readBody(request, REQUESTS_MAX_BYTES))
  const apps = workloads.current()?.apps ?? []
  const hostNames = new Set(apps.flatMap((app) => app.hostNames))
  const signed = await signForEdge(authority, { domain: installation.domain, hostNames }, wanted)
  const purposes = signed.certificates.map(({ purpose }) => purpose)
  log.info('agent.edge_certificates_signed', { host: wanted.host, purposes })
  if (signed.refused.length > 0)
    log.warn('agent.edge_certificates_refused', { host: wanted.host, purposes: signed.refused })
  sendJson(response, 200, signed)
}

/** The part of the API that is about the certificates of the other hosts' edges. */
export const EDGE_ROUTES: readonly AgentRoute[] = [
  ['GET', AGENT_API.edgeRequests, getRequests],
  ['PUT', AGENT_API.edgeCertificates, putCertificates],
  ['POST', AGENT_API.edgeSignatures, postSignatures],
]
