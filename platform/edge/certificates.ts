import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UID } from '#contract/installation.ts'
import { ensureFolder, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { type CertificateSource, hasLife, standInCertificate } from './certificate-source.ts'

const EDGE_OWNER = { uid: UID.edge, gid: UID.edge }

export interface CertificateDeps {
  readonly folder: string
  readonly source: CertificateSource
  readonly now: () => Date
}

/** What an edge has to show. */
export interface Certified {
  /** Changes exactly when a certificate was made or renewed. */
  readonly mark: string
  /** Purposes for which there is none yet. */
  readonly missing: ReadonlySet<string>
  /** How many were asked for and have not come. */
  readonly asked: number
}

/**
 * Sees to it that there is a certificate with enough life left for every purpose, as far as the source has one. What is there
 * stays in use until its successor is. `default` is always among the purposes: without it no connection could be answered.
 */
export async function ensureCertificates(
  { folder, source, now }: CertificateDeps,
  purposes: readonly string[],
): Promise<Certified> {
  await ensureFolder(folder, 0o750, { uid: 0, gid: UID.edge })
  const fileOf = (purpose: string) => join(folder, `${purpose}.pem`)
  const have = new Map<string, string>()
  for (const purpose of purposes) {
    const text = await readText(fileOf(purpose))
    if (text !== undefined) have.set(purpose, text)
  }
  const lacking = purposes.filter((purpose) => !hasLife(have.get(purpose), now()))
  const come = new Map(await source.obtain(lacking))
  const asked = lacking.length - come.size
  if (!have.has('default') && !come.has('default')) come.set('default', await standInCertificate())
  for (const [purpose, text] of come) {
    await writeFileAtomic(fileOf(purpose), text, { mode: 0o400, owner: EDGE_OWNER })
    have.set(purpose, text)
  }
  const hash = createHash('sha256')
  for (const purpose of purposes) hash.update(have.get(purpose) ?? '')
  return {
    mark: hash.digest('hex').slice(0, 16),
    missing: new Set(purposes.filter((purpose) => !have.has(purpose))),
    asked,
  }
}

/** Removes the certificates for what is gone. */
export async function removeOtherCertificates(folder: string, purposes: readonly string[]): Promise<void> {
  const keep = new Set(purposes.map((purpose) => `${purpose}.pem`))
  const files = await readdir(folder)
  await Promise.all(files.filter((file) => !keep.has(file)).map((file) => rm(join(folder, file))))
}
