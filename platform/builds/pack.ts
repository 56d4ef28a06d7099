import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { MaruError } from '#contract/errors.ts'
import { megabytes, SOURCE_LIMITS, type SourceLimits } from './source-limits.ts'
import { shownName } from './source-names.ts'
import type { TarHeader } from './tar-header.ts'
import { type SourceEntry, sourceInvalid, walkSource } from './walk-source.ts'

export interface PackedSource {
  /** The archive (tar, gzip). It fails with `apps.source_*` when a file changes meanwhile or it grows too large. */
  readonly stream: Readable
  readonly files: number
  /** Bytes of the files before compression. */
  readonly sizeBytes: number
  /** What was left out; folders end with a slash. */
  readonly skipped: readonly string[]
}

/** The same content gives the same archive: no times, no owners, only whether a file can be run. */
const EPOCH = new Date(0)

/** Packs a folder for upload. Everything that can be refused without reading files is refused here, before a byte is sent. */
export async function packSource(dir: string, limits: SourceLimits = SOURCE_LIMITS): Promise<PackedSource> {
  const { entries, files, sizeBytes, skipped } = await walkSource(dir, limits)
  const tar = pack()
  const output = limitBytes(limits.maxBytes)
  // The reader of `output` sees the failure; nobody else waits for this pipeline.
  pipeline(tar, createGzip({ level: 6 }), output).catch(() => {})
  writeEntries(tar, dir, entries).catch((error) => {
    tar.destroy(error)
    output.destroy(error)
  })
  return { stream: output, files, sizeBytes, skipped }
}

/** Passes bytes on, at most so many. */
export function limitBytes(maxBytes: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      if (seen <= maxBytes) done(null, chunk)
      else done(new MaruError('apps.source_too_large', { limit: megabytes(maxBytes) }))
    },
  })
}

async function writeEntries(tar: Pack, dir: string, entries: readonly SourceEntry[]): Promise<void> {
  for (const entry of entries) await writeEntry(tar, dir, entry)
  tar.finalize()
}

function writeEntry(tar: Pack, dir: string, entry: SourceEntry): Promise<void> {
  const shared = { name: entry.path, uid: 0, gid: 0, mtime: EPOCH }
  if (entry.kind === 'folder') return plain(tar, { ...shared, type: 'directory', mode: 0o755 })
  if (entry.kind === 'link') {
    return plain(tar, { ...shared, type: 'symlink', linkname: entry.target, mode: 0o777 })
  }
  const mode = entry.executable ? 0o755 : 0o644
  const header: TarHeader = { ...shared, type: 'file', size: entry.size, mode }
  if (entry.size === 0) return plain(tar, header)
  return fileEntry(tar, header, join(dir, entry.path))
}

const plain = (tar: Pack, header: TarHeader): Promise<void> =>
  new Promise((resolve, reject) => {
    tar.entry(header, '', (error) => (error ? reject(error) : resolve()))
  })

async function fileEntry(tar: Pack, header: TarHeader, path: string): Promise<void> {
  // Exactly what was announced: a log file that grows meanwhile doesn't break the archive.
  const source = createReadStream(path, { end: (header.size ?? 1) - 1 })
  try {
    await pipeline(source, tar.entry(header))
  } catch (error) {
    throw sourceInvalid(`${shownName(header.name)} could not be read whole`, error)
  }
}
