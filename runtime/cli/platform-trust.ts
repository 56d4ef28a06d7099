import { X509Certificate } from 'node:crypto'
import { MaruError } from '#contract/errors.ts'
import { platformRoutes } from '#contract/platform.ts'
import { makeClient } from './api-client.ts'

/** The installation's root certificate, and the SHA-256 fingerprint that people compare. */
export interface PlatformRoot {
  readonly pem: string
  /** 64 lower-case hexadecimal digits. */
  readonly fingerprint: string
}

/** A set-up link, taken apart: `https://DOMAIN/setup#TOKEN.FINGERPRINT`. */
export interface SetupLink {
  readonly url: string
  readonly token: string
  /** Beginning of the root certificate's fingerprint. */
  readonly fingerprint: string
}

/** Fewer digits could be met by a certificate made for it. */
const FINGERPRINT_MIN = 16

/** Only digits, lower case: `SHA256:AB:CD…` and `abcd…` are the same. */
export const plainFingerprint = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^sha-?256[:=]?/, '')
    .replaceAll(/[:\s]/g, '')

function parseUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  if (url?.protocol === 'https:') return url
  throw new MaruError('invalid', {
    field: 'URL',
    reason: 'must be an address such as https://maru.example.org',
  })
}

/** Reads what a person pasted: a set-up link, or the platform's address. */
export function parseAddress(text: string): SetupLink | { readonly url: string } {
  const parsed = parseUrl(text)
  const url = parsed.origin
  if (parsed.pathname.replace(/\/$/, '') !== '/setup') return { url }
  const match = /^#([A-Za-z0-9_-]+)\.([0-9a-fA-F]+)$/.exec(parsed.hash)
  const [, token, fingerprint] = match ?? []
  if (token !== undefined && fingerprint !== undefined && fingerprint.length >= FINGERPRINT_MIN)
    return { url, token, fingerprint: fingerprint.toLowerCase() }
  throw new MaruError('invalid', { field: 'LINK', reason: 'is not a whole set-up link; put it in quotes' })
}

/** An invitation's link, taken apart: `https://DOMAIN/join#TOKEN.FINGERPRINT@ADDRESS`. */
export interface JoinLink extends SetupLink {
  /** Of the host that gave it: the domain's name may mean nothing yet where the new host is. */
  readonly address: string
}

/** Reads what `maru host add` printed. */
export function parseJoinLink(text: string): JoinLink {
  const parsed = parseUrl(text)
  const match = /^#([A-Za-z0-9_-]+)\.([0-9a-fA-F]+)@(\d+\.\d+\.\d+\.\d+)$/.exec(parsed.hash)
  const [, token, fingerprint = '', address] = match ?? []
  const whole = parsed.pathname === '/join' && fingerprint.length >= FINGERPRINT_MIN
  if (whole && token !== undefined && address !== undefined)
    return { url: parsed.origin, token, fingerprint: fingerprint.toLowerCase(), address }
  throw new MaruError('invalid', { field: 'LINK', reason: 'is not a whole invitation; put it in quotes' })
}

/** The root certificate of an installation, if its fingerprint begins as expected. */
export async function pinnedRoot(url: string, fingerprint: string, address?: string): Promise<string> {
  const root = await fetchRoot(url, address)
  if (matchesFingerprint(root, fingerprint)) return root.pem
  const reason = `its fingerprint ${root.fingerprint.slice(0, FINGERPRINT_MIN)}… is not the expected one`
  throw new MaruError('cli.untrusted', { url, reason })
}

/** Whether the fingerprint begins with `expected`, which must be long enough to mean something. */
export function matchesFingerprint(root: PlatformRoot, expected: string): boolean {
  const digits = plainFingerprint(expected)
  return digits.length >= FINGERPRINT_MIN && root.fingerprint.startsWith(digits)
}

/** Fetches the root certificate without trusting anything; the caller must check its fingerprint before use. */
export async function fetchRoot(url: string, address?: string): Promise<PlatformRoot> {
  const where = { kind: 'https', url, ca: null, ...(address === undefined ? {} : { address }) } as const
  const client = makeClient({ ...where, unverified: true })
  try {
    const pem = await client.call(platformRoutes.ca, {})
    return { pem, fingerprint: plainFingerprint(new X509Certificate(pem).fingerprint256) }
  } catch (cause) {
    if (cause instanceof MaruError) throw cause
    throw new MaruError('cli.untrusted', { url, reason: 'it did not send a certificate' }, { cause })
  } finally {
    client.close()
  }
}

/** Whether the address verifies against what this system trusts. */
export async function isTrustedBySystem(url: string): Promise<boolean> {
  const client = makeClient({ kind: 'https', url, ca: null })
  try {
    await client.call(platformRoutes.health, {})
    return true
  } catch (error) {
    if (error instanceof MaruError && error.code === 'cli.untrusted') return false
    throw error
  } finally {
    client.close()
  }
}

/** Fingerprints are read in groups. */
export const groupDigits = (fingerprint: string): string => fingerprint.match(/.{1,4}/g)?.join(' ') ?? ''
