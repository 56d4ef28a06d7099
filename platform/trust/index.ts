export {
  type Authority,
  type CertificateRequest,
  daysLeft,
  type IssuedCertificate,
  openAuthority,
} from './authority.ts'
