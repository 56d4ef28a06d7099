export {
  type Authority,
  authorityWith,
  type CertificateRequest,
  daysLeft,
  type IssuedCertificate,
  openAuthority,
  readAuthorityKey,
} from './authority.ts'
export {
  type CheckedRequest,
  checkCertificateRequest,
  type HostKey,
  newHostKey,
  openHostKey,
  validityOf,
} from './certificate-request.ts'
export type { Check, Finding } from './check.ts'
export { layersCheck } from './evidence.ts'
export { trustJobs, trustLoop } from './jobs.ts'
export { DRILL_VALID_DAYS } from './requirements.ts'
export { trustHandlers } from './routes.ts'
export { recordEvidence, TRUST_CHANNEL } from './run-check.ts'
export { seal, unseal } from './seal.ts'
export { checkVouched, vouchFor } from './vouch.ts'
