export { applyEdge, certifyEdge, type EdgeDeps, type EdgeResult, prepareEdge, readEdge } from './apply.ts'
export { type AskedCertificates, openAskedCertificates } from './asked-certificates.ts'
export { type CertificateSource, issuedBy, NONE_YET } from './certificate-source.ts'
export type { Certified } from './certificates.ts'
export { checkConfig } from './check-config.ts'
export type { Crowd } from './crowds.ts'
export { type EdgeDoor, makeEdgeDoor, type SeenAtDoor } from './door.ts'
export { edgeChecks, type ListHostNames } from './evidence.ts'
export { handOverEdge } from './hand-over.ts'
export { healthChange } from './health-change.ts'
export { EDGE_COMPONENT, edgeContainer, edgeFiles } from './layout.ts'
export { EDGE_LIMITS } from './limits.ts'
export { type EdgePeer, inwardOf } from './peers.ts'
export { type EdgePlan, planEdge, type RunningEdge, type RunningServer } from './plan.ts'
export {
  backendOf,
  type EdgeApp,
  type EdgeServer,
  renderEdge,
} from './render.ts'
export { makeRests } from './rests.ts'
export { signForEdge } from './sign.ts'
export type { Guesser } from './sign-ins.ts'
export { makeTrafficReader, type TrafficReader } from './traffic.ts'
