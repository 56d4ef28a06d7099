import { z } from 'zod'
import { AGENT_API } from '#contract/agent-api.ts'
import type { Fleet } from '#contract/fleet.ts'
import { Instant } from '#contract/ids.ts'
import {
  AgentAbout,
  CertificatePem,
  CertificateRequestPem,
  type SigningRequest,
} from '#contract/membership.ts'
import type { BundleRequest, SealedBundle } from '#contract/service-bundle.ts'
import { exchangeJson, type FindWay } from './agent-transport.ts'

const TIMEOUT_MS = 10_000
const Done = z.object({})

/** What a host and its control plane have to settle about belonging together. */
export interface Membership {
  about(): Promise<AgentAbout>
  setFleet(fleet: Fleet): Promise<void>
  /** A request for a new certificate, signed by the host's key. */
  certificateRequest(): Promise<string>
  /** Hands a new certificate over; gives when it ends. */
  setCertificate(certificate: string): Promise<string>
  /** Tells a host that it does not belong to the installation any more. */
  removed(): Promise<void>
  /** On the first host: what a service needs on another host, sealed for that host's key. */
  sealBundle(request: BundleRequest): Promise<string>
  /** Hands such a bundle over. */
  setBundle(bundle: SealedBundle): Promise<void>
  /** On the first host: signs the key of a request, for one host's name and address. */
  sign(request: SigningRequest): Promise<string>
}

/** The part of an agent's API that is about the host itself. */
export function makeMembership(find: FindWay): Membership {
  const ask = <T extends z.ZodType>(schema: T, method: string, path: string, body?: object) =>
    exchangeJson(find, schema, { method, path, timeout: TIMEOUT_MS }, body)
  return {
    about: () => ask(AgentAbout, 'GET', AGENT_API.about),
    setFleet: async (fleet) => {
      await ask(Done, 'PUT', AGENT_API.fleet, fleet)
    },
    certificateRequest: async () =>
      (await ask(z.object({ request: CertificateRequestPem }), 'POST', AGENT_API.certificateRequest)).request,
    setCertificate: async (certificate) =>
      (await ask(z.object({ expiresAt: Instant }), 'PUT', AGENT_API.certificate, { certificate })).expiresAt,
    removed: async () => {
      await ask(Done, 'POST', AGENT_API.removal)
    },
    sealBundle: async (request) =>
      (await ask(z.object({ sealed: z.string() }), 'POST', AGENT_API.serviceBundles, request)).sealed,
    setBundle: async (bundle) => {
      await ask(Done, 'PUT', AGENT_API.serviceBundles, bundle)
    },
    sign: async (request) =>
      (await ask(z.object({ certificate: CertificatePem }), 'POST', AGENT_API.signatures, request))
        .certificate,
  }
}
