import { writeFileIfChanged } from '#runtime/drivers/files.ts'
import { tlsFiles } from './database-tier.ts'

/** Life of the certificates of the platform's own parts (days). */
export const CERTIFICATE_DAYS = 1825

/** What has to be left of it (days); below that a certificate is replaced: by `maru up` on the first host, by the control plane on others. */
export const RENEW_DAYS = 600

/** Writes a file that its user alone may read. */
export const writePrivate = (path: string, text: string, uid: number): Promise<boolean> =>
  writeFileIfChanged(path, text, { mode: 0o600, owner: { uid, gid: uid } })

/** What a part of the platform shows, and whom it believes (PEM). */
export interface TlsContent {
  readonly certificate: string
  readonly key: string
  readonly root: string
}

/** Writes the certificate files of a part into its folder; the certificate last, because it says that all are there. */
export async function writeTls(
  folder: string,
  { certificate, key, root }: TlsContent,
  uid: number,
): Promise<void> {
  const files = tlsFiles(folder)
  await writePrivate(files.key, key, uid)
  await writePrivate(files.ca, root, uid)
  await writePrivate(files.cert, certificate, uid)
}
