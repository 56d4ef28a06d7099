import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { MaruError } from '#contract/errors.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000

/** A key of a host, and what is made with it. The key is written to its file and nowhere else. */
export interface HostKey {
  readonly keyPem: string
  /** SHA-256 of the public key (hex): what the host is known by. */
  readonly hash: string
  /** Asks for a certificate; the name in it is only for people, the authority writes its own. */
  request(name: string): Promise<string>
  /** A certificate by the key itself, good for a day: it proves that the key is here, nothing else. */
  selfSigned(name: string): Promise<string>
}

/** Makes a new key. */
export async function newHostKey(): Promise<HostKey> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return await openHostKey(`${x509.PemConverter.encode(der, 'PRIVATE KEY').trim()}\n`)
}

/** Opens a key that was made before. */
export async function openHostKey(keyPem: string): Promise<HostKey> {
  const keys = await keyPair(keyPem)
  const subject = (name: string) => [{ CN: [name] }]
  return {
    keyPem,
    hash: hashOf(await webcrypto.subtle.exportKey('spki', keys.publicKey)),
    request: async (name) => {
      const options = { name: subject(name), keys, signingAlgorithm: ALGORITHM }
      return pem(await x509.Pkcs10CertificateRequestGenerator.create(options))
    },
    selfSigned: async (name) => {
      const now = Date.now()
      const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        name: subject(name),
        notBefore: new Date(now - DAY_MS),
        notAfter: new Date(now + DAY_MS),
        signingAlgorithm: ALGORITHM,
        keys,
      })
      return pem(certificate)
    },
  }
}

/** The public half is a part of the private one, in the form that JSON Web Keys have. */
async function keyPair(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const der = x509.PemConverter.decodeFirst(keyPem)
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign'])
  const { d: _, key_ops: __, ...open } = await webcrypto.subtle.exportKey('jwk', privateKey)
  return { privateKey, publicKey: await webcrypto.subtle.importKey('jwk', open, ALGORITHM, true, ['verify']) }
}

/** A request whose signature shows that who asks has the key. */
export interface CheckedRequest {
  readonly publicKey: webcrypto.CryptoKey
  readonly keyHash: string
}

/** Reads a certificate request (PEM); one that is not signed by its own key, or of another kind of key, is refused. */
export async function checkCertificateRequest(requestPem: string): Promise<CheckedRequest> {
  const refuse = (reason: string, cause?: unknown) =>
    new MaruError('invalid', { field: 'request', reason }, { cause })
  try {
    const request = new x509.Pkcs10CertificateRequest(requestPem)
    const publicKey = await request.publicKey.export(ALGORITHM, ['verify'])
    if (!(await request.verify())) throw refuse('is not signed by its own key')
    return { publicKey, keyHash: hashOf(request.publicKey.rawData) }
  } catch (error) {
    throw error instanceof MaruError ? error : refuse('is not a certificate request of a P-256 key', error)
  }
}

/** When a certificate (PEM) begins and ends. */
export function validityOf(certPem: string): { readonly from: Date; readonly to: Date } {
  const { notBefore, notAfter } = new x509.X509Certificate(certPem)
  return { from: notBefore, to: notAfter }
}

const hashOf = (spki: ArrayBuffer) => createHash('sha256').update(new Uint8Array(spki)).digest('hex')

const pem = (made: { toString(format: 'pem'): string }) => `${made.toString('pem').trim()}\n`
