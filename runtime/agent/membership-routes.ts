import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { z } from 'zod'
import { AGENT_API } from '#contract/agent-api.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { Fleet } from '#contract/fleet.ts'
import { nextNameOf } from '#contract/host-identity.ts'
import { type AgentAbout, CertificatePem, KeyHash, SigningRequest } from '#contract/membership.ts'
import { BundleRequest, SealedBundle } from '#contract/service-bundle.ts'
import { findOwnAddress, findRouter } from '#runtime/drivers/own-addresses.ts'
import { ipv4Range } from '#runtime/kit/ipv4.ts'
import { readBody, sendJson } from './http.ts'
import type { AgentRoute, Handler } from './server.ts'
import { signHost } from './signer.ts'

const MAX_BYTES = 256 * 1024

const getAbout: Handler = async ({ response }, { membership, bundles }) => {
  const about = membership.about()
  const network = await networkOf(about.host.address)
  sendJson(response, 200, { ...about, network, services: await bundles.ready() })
}

/** What the hosts of a data centre share has to be in the network of each. */
async function networkOf(address: string): Promise<AgentAbout['network']> {
  const [own] = findOwnAddress(address)
  if (own === undefined) return null
  return { range: ipv4Range(own.cidr), router: await findRouter(own.device) }
}

const putFleet: Handler = async ({ request, response }, { membership, wake }) => {
  await membership.setFleet(parseWith(Fleet, await readBody(request, MAX_BYTES)))
  wake()
  sendJson(response, 200, {})
}

const RequestQuery = z.strictObject({ next: z.stringbool().default(false) })

const postCertificateRequest: Handler = async ({ response, query }, { membership }) => {
  const { next } = parseWith(RequestQuery, query)
  sendJson(response, 200, await (next ? membership.askNext() : membership.askAgain()))
}

const putCertificate: Handler = async ({ request, response }, { membership }) => {
  const body = z.strictObject({ certificate: CertificatePem })
  const { certificate } = parseWith(body, await readBody(request, MAX_BYTES))
  sendJson(response, 200, { expiresAt: await membership.setCertificate(certificate) })
}

/** Over the network the new key has to have answered, or the host would give up one that works for one that may not. */
const postHostKey: Handler = async ({ request, response }, { membership, wake, log }) => {
  const { keyHash } = parseWith(z.strictObject({ keyHash: KeyHash }), await readBody(request, MAX_BYTES))
  const socket: Socket & { readonly servername?: unknown } = request.socket
  if (socket instanceof TLSSocket && socket.servername !== nextNameOf(membership.about().host.name))
    throw new MaruError('invalid', {
      field: 'keyHash',
      reason: 'was not asked for by the name of the next key',
    })
  if (await membership.useNext(keyHash)) {
    log.info('agent.key_replaced', { keyHash })
    wake()
  }
  sendJson(response, 200, {})
}

const postSignature: Handler = async ({ request, response }, { signer, log }) => {
  const authority = await signer()
  if (authority === undefined) throw new MaruError('not_found', { path: AGENT_API.signatures })
  const wanted = parseWith(SigningRequest, await readBody(request, MAX_BYTES))
  const { certificate, keyHash } = await signHost(authority, wanted)
  log.info('agent.certificate_signed', { host: wanted.host, address: wanted.address, keyHash })
  sendJson(response, 200, { certificate })
}

const postBundle: Handler = async ({ request, response }, { bundles }) => {
  const wanted = parseWith(BundleRequest, await readBody(request, MAX_BYTES))
  sendJson(response, 200, { sealed: await bundles.seal(wanted) })
}

const putBundle: Handler = async ({ request, response }, { bundles, wake, log }) => {
  const bundle = parseWith(SealedBundle, await readBody(request, MAX_BYTES))
  await bundles.save(bundle)
  log.info('agent.bundle_taken', { service: bundle.service })
  wake()
  sendJson(response, 200, {})
}

const postRemoval: Handler = async ({ response }, { membership, wake, log }) => {
  await membership.remove()
  log.warn('agent.removed', {
    sentence: 'This host was removed from its installation and ends what it runs.',
  })
  wake()
  sendJson(response, 200, {})
}

/** The part of the API that is about the host itself. */
export const MEMBERSHIP_ROUTES: readonly AgentRoute[] = [
  ['GET', AGENT_API.about, getAbout],
  ['PUT', AGENT_API.fleet, putFleet],
  ['POST', AGENT_API.signatures, postSignature],
  ['POST', AGENT_API.certificateRequest, postCertificateRequest],
  ['PUT', AGENT_API.certificate, putCertificate],
  ['POST', AGENT_API.hostKey, postHostKey],
  ['POST', AGENT_API.serviceBundles, postBundle],
  ['PUT', AGENT_API.serviceBundles, putBundle],
  ['POST', AGENT_API.removal, postRemoval],
]
