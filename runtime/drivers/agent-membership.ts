import { z } from 'zod'
import { AGENT_API } from '#contract/agent-api.ts'
import {
  type EdgeCertificate,
  type EdgeRequest,
  EdgeRequests,
  EdgeSigned,
  type EdgeSigning,
} from '#contract/edge-certificates.ts'
import type { Fleet } from '#contract/fleet.ts'
import { Instant } from '#contract/ids.ts'
import { AgentAbout, CertificatePem, HostRequest, type SigningRequest } from '#contract/membership.ts'
import type { BundleRequest, SealedBundle } from '#contract/service-bundle.ts'
import { exchangeJson, type FindWay } from './agent-transport.ts'

const TIMEOUT_MS = 10_000
/** Many keys and signatures at once, on a host that may be busy. */
const EDGE_TIMEOUT_MS = 60_000
const Done = z.object({})

/** What a host and its control plane have to settle about belonging together. */
export interface Membership {
  about(): Promise<AgentAbout>
  setFleet(fleet: Fleet): Promise<void>
  /** A request for a new certificate: for the key that the host has, or for its next one. */
  certificateRequest(forNext: boolean): Promise<HostRequest>
  /** Hands a new certificate over; gives when it ends. */
  setCertificate(certificate: string): Promise<string>
  /** Tells a host that its next key is known: it is the only one from now on. */
  useKey(keyHash: string): Promise<void>
  /** Tells a host that it does not belong to the installation any more. */
  removed(): Promise<void>
  /** Where a control plane is: what a service needs on another host, sealed for that host's key. */
  sealBundle(request: BundleRequest): Promise<string>
  /** Hands such a bundle over. */
  setBundle(bundle: SealedBundle): Promise<void>
  /** Where a control plane is: signs the key of a request, for one host's name and address. */
  sign(request: SigningRequest): Promise<string>
  /** What its edge asks certificates for, after a purpose. */
  edgeRequests(after: string): Promise<EdgeRequest[]>
  /** Hands certificates for its edge over; gives how many it still had a use for. */
  setEdgeCertificates(certificates: readonly EdgeCertificate[]): Promise<number>
  /** Where a control plane is: signs for another host's edge what that may have. */
  signForEdge(request: EdgeSigning): Promise<EdgeSigned>
}

/** The part of an agent's API that is about the host itself. Nothing is waited for when the signal is aborted. */
export function makeMembership(find: FindWay, signal?: AbortSignal): Membership {
  const options = signal === undefined ? {} : { signal }
  const ask = <T extends z.ZodType>(
    schema: T,
    method: string,
    path: string,
    body?: object,
    timeout = TIMEOUT_MS,
  ) => exchangeJson(find, schema, { ...options, method, path, timeout }, body)
  const askEdge = <T extends z.ZodType>(schema: T, method: string, path: string, body?: object) =>
    ask(schema, method, path, body, EDGE_TIMEOUT_MS)
  return {
    about: () => ask(AgentAbout, 'GET', AGENT_API.about),
    setFleet: async (fleet) => {
      await ask(Done, 'PUT', AGENT_API.fleet, fleet)
    },
    certificateRequest: (forNext) =>
      ask(
        HostRequest,
        'POST',
        `${AGENT_API.certificateRequest}?${new URLSearchParams({ next: `${forNext}` })}`,
      ),
    setCertificate: async (certificate) =>
      (await ask(z.object({ expiresAt: Instant }), 'PUT', AGENT_API.certificate, { certificate })).expiresAt,
    useKey: async (keyHash) => {
      await ask(Done, 'POST', AGENT_API.hostKey, { keyHash })
    },
    removed: async () => {
      await ask(Done, 'POST', AGENT_API.removal)
    },
    sealBundle: async (request) =>
      (await ask(z.object({ sealed: z.string() }), 'POST', AGENT_API.serviceBundles, request)).sealed,
    setBundle: async (bundle) => {
      await ask(Done, 'PUT', AGENT_API.serviceBundles, bundle)
    },
    edgeRequests: async (after) => {
      const query = new URLSearchParams({ after })
      return (await askEdge(EdgeRequests, 'GET', `${AGENT_API.edgeRequests}?${query}`)).requests
    },
    setEdgeCertificates: async (certificates) =>
      (await askEdge(z.object({ taken: z.number() }), 'PUT', AGENT_API.edgeCertificates, { certificates }))
        .taken,
    signForEdge: (request) => askEdge(EdgeSigned, 'POST', AGENT_API.edgeSignatures, request),
    sign: async (request) =>
      (await ask(z.object({ certificate: CertificatePem }), 'POST', AGENT_API.signatures, request))
        .certificate,
  }
}
