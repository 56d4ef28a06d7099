// @peculiar/x509 finds its parts through reflect-metadata, which must be loaded before it.
import 'reflect-metadata'
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { ensureFolder, readText, writeFileAtomic } from '#runtime/drivers/files.ts'

x509.cryptoProvider.set(webcrypto as unknown as Crypto)

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const KEY_FILE = 'root.key'
const DAY_MS = 86_400_000
const ROOT_DAYS = 3650
/** Certificates begin in the past, so that a machine whose clock is an hour behind is told that, and not that nobody can be trusted. */
const BACKDATE_MS = 7_200_000

export interface CertificateRequest {
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly addresses?: readonly string[]
  readonly days: number
  /** Also good as a client's certificate (etcd, Patroni). */
  readonly client?: boolean
}

export interface IssuedCertificate {
  /** The certificate alone; the root is in `Authority.rootPem`. */
  readonly certPem: string
  readonly keyPem: string
}

/** The installation's own certificate authority. */
export interface Authority {
  readonly rootPem: string
  /** SHA-256 of the root certificate (DER), lower-case hex. */
  readonly fingerprint: string
  issue(request: CertificateRequest): Promise<IssuedCertificate>
  /** Signs a key that somebody else keeps; the names are the caller's decision. Gives the certificate (PEM). */
  sign(publicKey: webcrypto.CryptoKey, request: CertificateRequest): Promise<string>
}

/**
 * Opens the authority in `pkiDir`, and makes it on first use. Where only the certificate is, the authority is somebody
 * else's, and no other is made in its place.
 */
export async function openAuthority(pkiDir: string, name = 'Maru'): Promise<Authority> {
  const keyFile = join(pkiDir, KEY_FILE)
  const certFile = join(pkiDir, 'root.crt')
  const [keyPem, rootPem] = await Promise.all([readText(keyFile), readText(certFile)])
  if (keyPem !== undefined && rootPem !== undefined) return authorityWith(keyPem, rootPem)
  if (rootPem !== undefined) throw new Error(`the key of the authority is not in ${pkiDir}`)
  await ensureFolder(pkiDir, 0o755)
  const made = await makeRoot(name)
  // The certificate last: an interrupted first run leaves a key without certificate and is simply repeated.
  await writeFileAtomic(keyFile, made.keyPem, { mode: 0o600 })
  await writeFileAtomic(certFile, made.certPem, { mode: 0o644 })
  return authorityWith(made.keyPem, made.certPem)
}

/** Its key (PEM), for another host that is to sign as well; undefined where it is somebody else's. */
export const readAuthorityKey = (pkiDir: string): Promise<string | undefined> =>
  readText(join(pkiDir, KEY_FILE))

/** How many days a certificate (PEM) is still good; negative when it has expired. Asked of each certificate at each pass. */
export function daysLeft(certPem: string, now: Date): number {
  return (new X509Certificate(certPem).validToDate.getTime() - now.getTime()) / DAY_MS
}

/** The authority whose key (PEM) and certificate these are. */
export async function authorityWith(keyPem: string, rootPem: string): Promise<Authority> {
  const root = new x509.X509Certificate(rootPem)
  const der = x509.PemConverter.decodeFirst(keyPem)
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
  const sign: Authority['sign'] = async (publicKey, request) =>
    pem(
      await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: [{ CN: [request.commonName] }],
        issuer: root.subject,
        ...validity(request.days),
        signingAlgorithm: ALGORITHM,
        publicKey,
        signingKey,
        extensions: await leafExtensions(request, publicKey, root),
      }),
    )
  return {
    rootPem,
    fingerprint: createHash('sha256').update(new Uint8Array(root.rawData)).digest('hex'),
    issue: async (request) => {
      const keys = await newKeys()
      return { certPem: await sign(keys.publicKey, request), keyPem: await privatePem(keys) }
    },
    sign,
  }
}

async function makeRoot(name: string): Promise<IssuedCertificate> {
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [`${name} root ${randomBytes(3).toString('hex')}`] }],
    ...validity(ROOT_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certPem: pem(certificate), keyPem: await privatePem(keys) }
}

async function leafExtensions(
  request: CertificateRequest,
  publicKey: webcrypto.CryptoKey,
  root: x509.X509Certificate,
): Promise<x509.Extension[]> {
  const names: x509.JsonGeneralNames = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
  const usages = [x509.ExtendedKeyUsage.serverAuth]
  if (request.client) usages.push(x509.ExtendedKeyUsage.clientAuth)
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usages),
    new x509.SubjectAlternativeNameExtension(names),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(root.publicKey),
  ]
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

const pem = (certificate: x509.X509Certificate) => `${certificate.toString('pem').trim()}\n`

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY').trim()}\n`
}

function validity(days: number) {
  const now = Date.now()
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + days * DAY_MS) }
}

/** 127 random bits: positive, and never repeated in practice. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01
  return bytes.toString('hex')
}
