/** What the control plane knows a host by. */
export interface KnownKeys {
  readonly keyHash: string | null
  /** Named by the host, with the word of the other; it has not answered with it yet. */
  readonly nextKeyHash: string | null
}

/** What a host asks a certificate for; all of it has proved itself by signatures. */
export interface AskedKey {
  readonly keyHash: string
  /** The key that vouches for it; null where none does. */
  readonly vouchedBy: string | null
}

/** A request is signed; for a new key only after that has been written down, so that the host stays known whatever is interrupted. */
export type KeyPlan =
  | { readonly kind: 'sign' }
  | { readonly kind: 'expect'; readonly nextKeyHash: string }
  | { readonly kind: 'refuse'; readonly reason: string }

/** Judges a request for a certificate. The word of a key that is only awaited counts for nothing. */
export function planKey(known: KnownKeys, { keyHash, vouchedBy }: AskedKey): KeyPlan {
  if (keyHash === known.keyHash || keyHash === known.nextKeyHash) return { kind: 'sign' }
  if (vouchedBy !== null && vouchedBy === known.keyHash) return { kind: 'expect', nextKeyHash: keyHash }
  return { kind: 'refuse', reason: 'it asks for a certificate for another key' }
}
