import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { CompactSign, compactVerify, EmbeddedJWK } from 'jose'
import { MaruError } from '#contract/errors.ts'

/** RFC 7518: P-256 with SHA-256. */
const ALGORITHM = 'ES256'

/** A key's word for a certificate request of another key: the request, signed (compact JWS, RFC 7515) with the key's public half. */
export async function vouchFor(requestPem: string, keyPem: string): Promise<string> {
  const key = createPrivateKey(keyPem)
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const jwk = { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' }
  return await new CompactSign(new TextEncoder().encode(requestPem))
    .setProtectedHeader({ alg: ALGORITHM, jwk })
    .sign(key)
}

export interface Vouched {
  readonly request: string
  /** SHA-256 of the public key that vouches (hex). */
  readonly byKeyHash: string
}

/** Reads such a word. What is not signed by the key that it names is refused. */
export async function checkVouched(vouched: string): Promise<Vouched> {
  try {
    const { payload, protectedHeader } = await compactVerify(vouched, EmbeddedJWK, {
      algorithms: [ALGORITHM],
    })
    const key = createPublicKey({ key: { ...protectedHeader.jwk }, format: 'jwk' })
    const spki = key.export({ type: 'spki', format: 'der' })
    return {
      request: new TextDecoder().decode(payload),
      byKeyHash: createHash('sha256').update(spki).digest('hex'),
    }
  } catch (cause) {
    throw new MaruError(
      'invalid',
      { field: 'vouched', reason: 'is not signed by the key that it names' },
      { cause },
    )
  }
}
