import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'

const TEXT_MAX = 1024 * 1024

/** The text of one file of a stored source; undefined where there is none or where it is larger than 1 MB. */
export const readSourceFile = (source: string, path: string): Promise<string | undefined> =>
  readTarFile(createReadStream(source).pipe(createGunzip()), path)

/** The text of one plain file of a tar; undefined where there is none or where it is larger than 1 MB. */
export async function readTarFile(tar: Readable, path: string): Promise<string | undefined> {
  const input = extract()
  const reading = pipeline(tar, input)
  // Leaving early ends the pipeline with an error that nobody waits for.
  reading.catch(() => {})
  for await (const entry of input) {
    const { name, type, size } = entry.header
    if (type !== 'file' || name.replace(/^\.\//, '') !== path) {
      entry.resume()
      continue
    }
    if ((size ?? 0) > TEXT_MAX) return undefined
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  }
  await reading
  return undefined
}
