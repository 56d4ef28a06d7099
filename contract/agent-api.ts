/**
 * The agent's API. On the first host over a unix socket that only the control plane and root can open; on the others
 * over TLS for who has the control plane's certificate, and over a unix socket for root:
 * PUT /v1/workload WorkloadConfig → {generation}; GET /v1/report?after=SEQ&waitMs=N → HostReport (long poll);
 * POST /v1/builds BuildRequest → BuildEvent lines; POST /v1/runs → 101, AgentRunRequest line, RUN_FRAME frames;
 * GET /v1/logs?app=A&process=P&follow=true&tail=N|since=T → LogLine lines;
 * GET /v1/instances/last-log?app=A&release=N&lines=40 → {lines: string[]};
 * GET /v1/drills → HostDrills; POST /v1/drills DrillStartRequest → DrillStart, in a lab only;
 * GET /v1/drill-events?start=ID&after=N → NumberedDrillEvent lines until its last;
 * GET /v1/stacks → HostStacks; POST /v1/restacks RestackRequest → RestackResult;
 * GET /v1/images/ID?whole=true|false → tar (not whole: without its stack's layers); PUT /v1/images/ID tar → {};
 * DELETE /v1/apps/APPID → {} removes the app's images, slugs, caches and build leftovers;
 * GET /v1/host → AgentAbout; PUT /v1/fleet Fleet → {};
 * POST /v1/signatures SigningRequest → {certificate} where the authority's key is: beside each control plane;
 * POST /v1/service-bundles BundleRequest → {sealed} there, too; PUT /v1/service-bundles SealedBundle → {} on hosts that joined;
 * POST /v1/certificate-request?next=true|false → HostRequest (next: for a new key), PUT /v1/certificate {certificate} → {expiresAt} and
 * POST /v1/host-key {keyHash} → {} (the new key is known: it is the only one from now on), where there are others;
 * POST /v1/removal → {} (the host no longer belongs to the installation: it ends what it runs), where there are others;
 * GET /v1/edge-requests?after=PURPOSE → EdgeRequests and PUT /v1/edge-certificates EdgeCertificates → {taken} on a host that
 * joined, POST /v1/edge-signatures EdgeSigning → EdgeSigned where the authority's key is;
 * GET /v1/guard?after=SEQ&waitMs=N → GuardReport (long poll); PUT /v1/guard GuardOrders → {};
 * PUT /v1/upstream UpstreamOrders → {}: what this host has providers drop.
 */
export const AGENT_API = {
  workload: '/v1/workload',
  report: '/v1/report',
  builds: '/v1/builds',
  runs: '/v1/runs',
  logs: '/v1/logs',
  lastLog: '/v1/last-log',
  drills: '/v1/drills',
  drillEvents: '/v1/drill-events',
  stacks: '/v1/stacks',
  restacks: '/v1/restacks',
  about: '/v1/host',
  fleet: '/v1/fleet',
  signatures: '/v1/signatures',
  serviceBundles: '/v1/service-bundles',
  certificateRequest: '/v1/certificate-request',
  certificate: '/v1/certificate',
  hostKey: '/v1/host-key',
  removal: '/v1/removal',
  edgeRequests: '/v1/edge-requests',
  edgeSignatures: '/v1/edge-signatures',
  edgeCertificates: '/v1/edge-certificates',
  guard: '/v1/guard',
  upstream: '/v1/upstream',
  image: (id: string) => `/v1/images/${id}`,
  app: (appId: string) => `/v1/apps/${appId}`,
} as const

/** By this header the control plane names words of a report that one of a version before would not understand. */
export const WORDS_HEADER = 'maru-report-words'
export const REPORT_WORDS = ['addresses6', 'measured', 'locked'] as const
