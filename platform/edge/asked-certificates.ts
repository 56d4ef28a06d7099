import { createPrivateKey, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import {
  EDGE_REQUESTS_PER_CALL,
  type EdgeCertificate,
  EdgePurpose,
  type EdgeRequest,
} from '#contract/edge-certificates.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { newHostKey, openHostKey } from '#platform/trust/index.ts'
import { readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import { type CertificateSource, contentOf, hasLife } from './certificate-source.ts'

/** Certificates that another host's authority signs: the keys are made here, and leave only for this host's edge. */
export interface AskedCertificates extends CertificateSource {
  /** What is asked for, in order, after a purpose; at most EDGE_REQUESTS_PER_CALL. */
  requests(after: string): Promise<EdgeRequest[]>
  /** Takes certificates over; those whose keys nobody asks with any more are left. Gives how many were taken. */
  take(certificates: readonly EdgeCertificate[]): Promise<number>
}

export interface AskedDeps {
  /** Keeps what is asked for, so that an answer finds its key also after a restart. */
  readonly file: string
  readonly host: string
  readonly rootPem: string
  readonly now: () => Date
}

const Asked = z.strictObject({
  asked: z.record(EdgePurpose, z.strictObject({ key: z.string(), certificate: z.string().nullable() })),
})
interface Entry {
  readonly key: string
  certificate: string | null
}

/** Opens what was asked for. */
export async function openAskedCertificates(deps: AskedDeps): Promise<AskedCertificates> {
  const saved = parseWith(Asked, (await readJson(deps.file)) ?? { asked: {} }, deps.file)
  const entries = new Map<string, Entry>(Object.entries(saved.asked))
  let saving = Promise.resolve()
  const save = () => {
    const write = () => writeFileAtomic(deps.file, JSON.stringify({ asked: Object.fromEntries(entries) }))
    saving = saving.then(write, write)
    return saving
  }
  return {
    obtain: async (purposes) => {
      if (await askOnlyFor(entries, purposes, deps.now())) await save()
      const come = [...entries].filter(([, { certificate }]) => certificate !== null)
      return new Map(come.map(([purpose, { certificate, key }]) => [purpose, `${certificate}${key}`]))
    },
    requests: async (after) => {
      const open = [...entries]
        .filter(([purpose, { certificate }]) => certificate === null && purpose > after)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .slice(0, EDGE_REQUESTS_PER_CALL)
      return await Promise.all(
        open.map(async ([purpose, { key }]) => ({
          purpose,
          request: await (await openHostKey(key)).request(purpose),
        })),
      )
    },
    take: async (certificates) => {
      for (const one of certificates) check(deps, one)
      const fitting = certificates.filter(({ purpose, certificate }) =>
        isFor(entries.get(purpose), certificate),
      )
      for (const { purpose, certificate } of fitting) {
        const entry = entries.get(purpose)
        if (entry !== undefined) entry.certificate = certificate
      }
      if (fitting.length > 0) await save()
      return fitting.length
    },
  }
}

/** Makes the keys that are missing and forgets those that nothing needs. Tells whether anything changed. */
async function askOnlyFor(
  entries: Map<string, Entry>,
  purposes: readonly string[],
  now: Date,
): Promise<boolean> {
  const wanted = new Set(purposes)
  let changed = false
  for (const [purpose, entry] of entries) {
    // One that has lain here too long is asked for again.
    const isOld = entry.certificate !== null && !hasLife(entry.certificate, now)
    if (wanted.has(purpose) && !isOld) continue
    entries.delete(purpose)
    changed = true
  }
  for (const purpose of wanted) {
    if (entries.has(purpose)) continue
    entries.set(purpose, { key: (await newHostKey()).keyPem, certificate: null })
    changed = true
  }
  return changed
}

const isFor = (entry: Entry | undefined, certificate: string) =>
  entry !== undefined && new X509Certificate(certificate).checkPrivateKey(createPrivateKey(entry.key))

/** Who may hand certificates over could still hand over wrong ones, and visitors would be sent away. */
function check({ host, rootPem, now }: AskedDeps, { purpose, certificate }: EdgeCertificate): void {
  const [name = ''] = contentOf(purpose, host).dnsNames
  const shown = new X509Certificate(certificate)
  const good =
    shown.verify(new X509Certificate(rootPem).publicKey) &&
    shown.checkHost(name, { subject: 'never' }) !== undefined &&
    hasLife(certificate, now())
  if (good) return
  const reason = `is not a good one of this installation for ${purpose}`
  throw new MaruError('invalid', { field: 'certificate', reason })
}
