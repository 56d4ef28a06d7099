import { createHash, randomBytes } from 'node:crypto'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Digits that 32 bytes need in base 62. */
const DIGITS = 43
const TOKEN = new RegExp(`^maru_[0-9A-Za-z]{${DIGITS}}$`)

/** 32 bytes as 43 letters and digits: no sign that a shell, a URL or a double click would break at. */
export function toBase62(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (let i = 0; i < DIGITS; i += 1) {
    text = BASE62[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}

/** A new secret of 256 bits. */
export const newSecret = () => toBase62(randomBytes(32))
/** A new API token; the prefix lets people and scanners see what leaked. */
export const newTokenSecret = () => `maru_${newSecret()}`
/** Whether a text can be a token at all. */
export const looksLikeToken = (text: string) => TOKEN.test(text)
/** What is kept of a secret. It has 256 random bits, so a plain hash can't be searched. */
export const hashSecret = (secret: string) => createHash('sha256').update(secret).digest()
