import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'

/** RFC 7518: a key agreed with one made for this text alone, and AES-GCM. */
const HEADER = { alg: 'ECDH-ES', enc: 'A256GCM' } as const

/** Encrypts a text so that only the key of a certificate (PEM, P-256) opens it. Gives compact JWE (RFC 7516). */
export async function seal(text: string, certificatePem: string): Promise<string> {
  const { publicKey } = new X509Certificate(certificatePem)
  return await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader(HEADER)
    .encrypt(createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })))
}

/** Opens what was sealed for a key (PEM). What was changed on its way, or is for another, is refused. */
export async function unseal(sealed: string, keyPem: string): Promise<string> {
  const algorithms = { keyManagementAlgorithms: [HEADER.alg], contentEncryptionAlgorithms: [HEADER.enc] }
  const { plaintext } = await compactDecrypt(sealed, createPrivateKey(keyPem), algorithms)
  return new TextDecoder().decode(plaintext)
}
