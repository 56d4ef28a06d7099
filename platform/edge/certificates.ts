import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UID } from '#contract/installation.ts'
import type { Authority } from '#platform/trust/index.ts'
import { daysLeft } from '#platform/trust/index.ts'
import { ensureFolder, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { type EdgeSelf, PEER_SUBJECT, peerName } from './peers.ts'

/** Life of an app's certificate, and what must be left of it; below that it is renewed. */
export const CERTIFICATE_DAYS = { life: 90, renewBelow: 30 } as const

/** Named by clients that name no host or one that is unknown here. */
const DEFAULT_NAME = 'invalid'
/** No host name: it has no dot. */
const PEER_FILE = 'peer'
const EDGE_OWNER = { uid: UID.edge, gid: UID.edge }

export interface CertificateDeps {
  readonly folder: string
  readonly authority: Pick<Authority, 'issue'>
  readonly now: () => Date
}

/**
 * Sees to it that every host name has a certificate with enough life left, and one that names nothing for all
 * others. Returns a hash of all of them: it changes exactly when one was made or renewed.
 */
export async function ensureCertificates(
  deps: CertificateDeps,
  hostNames: readonly string[],
  self?: EdgeSelf,
): Promise<string> {
  await ensureFolder(deps.folder, 0o750, { uid: 0, gid: UID.edge })
  const hash = createHash('sha256')
  hash.update(await ensureOne(deps, 'default', DEFAULT_NAME))
  for (const name of hostNames) hash.update(await ensureOne(deps, name, name))
  if (self !== undefined)
    hash.update(
      await ensureOne(deps, PEER_FILE, peerName(self.host), { commonName: PEER_SUBJECT, client: true }),
    )
  return hash.digest('hex').slice(0, 16)
}

async function ensureOne(
  deps: CertificateDeps,
  fileName: string,
  hostName: string,
  more: { readonly commonName?: string; readonly client?: true } = {},
): Promise<string> {
  const file = join(deps.folder, `${fileName}.pem`)
  const have = await readText(file)
  if (have !== undefined && daysLeft(have, deps.now()) >= CERTIFICATE_DAYS.renewBelow) return have
  const { certPem, keyPem } = await deps.authority.issue({
    commonName: hostName,
    dnsNames: [hostName],
    days: CERTIFICATE_DAYS.life,
    ...more,
  })
  const text = `${certPem}${keyPem}`
  await writeFileAtomic(file, text, { mode: 0o400, owner: EDGE_OWNER })
  return text
}

/** Removes the certificates of host names that are gone. */
export async function removeOtherCertificates(folder: string, hostNames: readonly string[]): Promise<void> {
  const keep = new Set(['default', PEER_FILE, ...hostNames].map((name) => `${name}.pem`))
  const files = await readdir(folder)
  await Promise.all(files.filter((file) => !keep.has(file)).map((file) => rm(join(folder, file))))
}
