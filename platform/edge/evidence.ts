import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { addressesOf, urlOf } from '#contract/installation.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { askHttp, type Handshake, type TlsProbe, tryHandshake } from '#runtime/drivers/tls-probe.ts'
import { sample } from '#runtime/kit/sample.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { CERTIFICATE_DAYS } from './certificate-source.ts'

/** The host names of the apps that are online. */
export type ListHostNames = (deps: ServerDeps) => Promise<string[]>

/** More names than this are looked at by turns: each round takes others. */
const SAMPLE = 25
const DAY_MS = 86_400_000
/** Certificates are renewed at 30 days; one with less than this left was forgotten. */
const LEAST_DAYS = CERTIFICATE_DAYS.renewBelow - 10
const HSTS_S = 31_536_000
/** Offered by a client that would take anything: without forward secrecy, or with CBC and SHA-1. */
const WEAK_CIPHERS =
  'AES128-SHA:AES256-SHA:AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA:@SECLEVEL=0'
const ANY_CIPHER = 'ALL:@SECLEVEL=0'

/** What the edge can show about itself. `listHostNames` comes from the capability that has the apps. */
export const edgeChecks = (listHostNames: ListHostNames): Check[] => [
  {
    name: 'edge.tls',
    promises: ['CUS-1', 'NET-7'],
    everyS: 300,
    validS: 1200,
    run: (deps, signal) => lookAtEdge(deps, listHostNames, signal),
  },
]

interface Door {
  readonly deps: ServerDeps
  readonly probe: Omit<TlsProbe, 'name'>
  readonly domain: string
}

async function lookAtEdge(
  deps: ServerDeps,
  listHostNames: ListHostNames,
  signal: AbortSignal,
): Promise<Finding> {
  const { installation, caFile } = deps.config
  const host = addressesOf(installation).edge.edge
  const probe = { host, port: installation.ports.https, ca: await readFile(caFile, 'utf8'), signal }
  const door: Door = { deps, probe, domain: installation.domain }
  const all = await listHostNames(deps)
  const chosen = sample(all, SAMPLE)
  const own = await tryHandshake({ ...probe, name: door.domain })
  const problems = [
    ...problemsOf(own, 'The platform’s own name', deps.now()),
    ...(await lookAtApps(door, chosen, listHostNames)),
    ...(await lookAtVersions(door)),
    ...(await lookAtHttp(door)),
  ]
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? `TLS 1.2 and 1.3 with verified certificates; TLS 1.0, 1.1 and weak ciphers refused; plain HTTP sent on to HTTPS.`
        : problems.join(' '),
    facts: [
      { name: 'Names looked at', value: `the platform’s own and ${chosen.length} of ${all.length} apps` },
      ...(own.end === 'agreed'
        ? [
            { name: 'Agreed on', value: `${own.protocol}, ${own.cipher}` },
            { name: 'Certificate', value: `${daysUntil(own.validTo, deps.now())} days left` },
          ]
        : []),
    ],
  }
}

/** Apps by number only: the page is public. One that was destroyed meanwhile says nothing about the edge. */
async function lookAtApps(
  { deps, probe }: Door,
  names: readonly string[],
  listHostNames: ListHostNames,
): Promise<string[]> {
  const bad: string[] = []
  for (const name of names) {
    const handshake = await tryHandshake({ ...probe, name })
    if (problemsOf(handshake, '', deps.now()).length > 0) bad.push(name)
  }
  const still = bad.length === 0 ? [] : await listHostNames(deps)
  const real = bad.filter((name) => still.includes(name))
  if (real.length === 0) return []
  deps.log.warn('edge.tls_check', { names: real })
  return [`${real.length} of ${names.length} apps have no valid certificate that lasts ${LEAST_DAYS} days.`]
}

function problemsOf(handshake: Handshake, whose: string, now: Date): string[] {
  if (handshake.end === 'refused') return [`${whose} was refused a handshake (${handshake.alert}).`]
  if (handshake.end === 'error')
    return [`${whose} got no handshake with a verified certificate (${handshake.code}).`]
  const days = daysUntil(handshake.validTo, now)
  return days >= LEAST_DAYS ? [] : [`${whose} has a certificate with only ${days} days left.`]
}

const daysUntil = (at: Date, now: Date) => Math.floor((at.getTime() - now.getTime()) / DAY_MS)

/** New versions must work: that is the control which shows that an old one was refused, not unreachable. */
async function lookAtVersions({ probe, domain }: Door): Promise<string[]> {
  const at = { ...probe, name: domain }
  const problems: string[] = []
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { end } = await tryHandshake({ ...at, minVersion: version, maxVersion: version })
    if (end !== 'agreed') problems.push(`${version} is not spoken.`)
  }
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const old = { ...at, minVersion: version, maxVersion: version, ciphers: ANY_CIPHER }
    problems.push(...mustRefuse(version, await tryHandshake(old)))
  }
  const weak = { ...at, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: WEAK_CIPHERS } as const
  problems.push(...mustRefuse('A weak cipher', await tryHandshake(weak)))
  return problems
}

function mustRefuse(what: string, handshake: Handshake): string[] {
  if (handshake.end === 'refused') return []
  if (handshake.end === 'agreed')
    return [`${what} was accepted (${handshake.protocol}, ${handshake.cipher}).`]
  return [`${what} could not be tried (${handshake.code}).`]
}

/** No answer is a problem with its code, not the end of the whole look. */
async function lookAtHttp(door: Door): Promise<string[]> {
  try {
    return await askBothDoors(door)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    if (code === undefined) throw error
    return [`HTTPS and its HTTP door could not both be asked (${code}).`]
  }
}

/** HSTS with its subdomains covers every app, and one frontend sends it for all of them. */
async function askBothDoors({ deps, probe, domain }: Door): Promise<string[]> {
  const { host, port, ca, signal } = probe
  const problems: string[] = []
  const common = { host, name: domain, ...(signal === undefined ? {} : { signal }) }
  const secure = await askHttp({ ...common, port, path: '/health', tls: { ca } })
  const hsts = String(secure.headers['strict-transport-security'] ?? '')
  const seconds = Number(/max-age=(\d+)/.exec(hsts)?.[1] ?? 0)
  if (seconds < HSTS_S || !/includeSubDomains/i.test(hsts))
    problems.push('Browsers are not told to use HTTPS only, subdomains included, for a year.')
  const path = `/probe-${randomInt(1e9)}`
  const plain = await askHttp({ ...common, port: deps.config.installation.ports.http, path })
  const target = `${urlOf(deps.config.installation)}${path}`
  if (plain.status !== 308 || plain.headers.location !== target)
    problems.push(`Plain HTTP answered ${plain.status} instead of sending on to HTTPS.`)
  return problems
}
