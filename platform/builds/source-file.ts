import { createReadStream } from 'node:fs'
import { pipeline as join, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'

const TEXT_MAX = 1024 * 1024
const LARGE_TEXT_MAX = 16 * TEXT_MAX

/** The tar in a .tar.gz on disk; a file that cannot be read is an error of this stream. */
export const openArchive = (path: string): Readable =>
  // Whoever reads the last stream gets its error, and with it that of the first.
  join(createReadStream(path), createGunzip(), () => {})

/** The text of one file of a stored source; undefined where there is none or where it is larger than 1 MB. */
export const readSourceFile = (source: string, path: string): Promise<string | undefined> =>
  readTarFile(openArchive(source), path)

/** The text of one plain file of a tar; undefined where there is none or where it is larger than 1 MB. */
export async function readTarFile(tar: Readable, path: string): Promise<string | undefined> {
  const input = extract()
  const reading = pipeline(tar, input)
  // Leaving early ends the pipeline with an error that nobody waits for.
  reading.catch(() => {})
  for await (const entry of input) {
    const { name, type, size } = entry.header
    if (type !== 'file' || plainName(name) !== path) {
      entry.resume()
      continue
    }
    if ((size ?? 0) > TEXT_MAX) return undefined
    return await text(entry)
  }
  await reading
  return undefined
}

const plainName = (name: string) => name.replace(/^\.\//, '')

/**
 * The texts of some files of a stored source, of those that are there. Undefined when one of them is a link or larger
 * than 16 MB: then nothing can be said about it.
 */
export async function readSourceFiles(
  source: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const texts = new Map<string, string>()
  const input = extract()
  const reading = pipeline(openArchive(source), input)
  reading.catch(() => {})
  for await (const entry of input) {
    const { name, type, size } = entry.header
    if (!paths.includes(plainName(name))) {
      entry.resume()
      continue
    }
    if (type !== 'file' || (size ?? 0) > LARGE_TEXT_MAX) return undefined
    texts.set(plainName(name), await text(entry))
  }
  await reading
  return texts
}
