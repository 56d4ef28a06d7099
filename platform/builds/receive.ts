import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { MaruError } from '#contract/errors.ts'
import { UID } from '#contract/installation.ts'
import { DEFAULT_NODE_MAJOR, NODES } from '#images/nodes.ts'
import { type DetectedApp, detectApp, TELLING_FILES } from './detect.ts'
import { limitBytes } from './pack.ts'
import { megabytes, SOURCE_LIMITS, type SourceLimits } from './source-limits.ts'
import { type AcceptedEntry, SourceTree } from './source-tree.ts'
import type { TarHeader } from './tar-header.ts'
import { sourceInvalid } from './walk-source.ts'

export interface ReceivedSource extends DetectedApp {
  readonly files: number
  /** Bytes of the stored archive. */
  readonly sizeBytes: number
}

/** Text files that are read: longer ones are not what they seem. */
const READ_MAX = 1024 * 1024
const READ = new Set(['package.json', 'Procfile'])
const OWNER = { uid: UID.build, gid: UID.build, mtime: new Date(0) }

/** The Node releases of this platform, as detection wants them. */
const nodes = {
  versions: Object.fromEntries(Object.entries(NODES).map(([major, { version }]) => [major, version])),
  defaultMajor: DEFAULT_NODE_MAJOR,
}

/**
 * Takes an uploaded archive, trusts nothing in it, and stores what is good as a new archive owned by the builder's
 * user. The file appears whole (fsync, rename) or not at all. Throws `apps.source_*` and what detection throws.
 */
export async function receiveSource(
  upload: Readable,
  file: string,
  limits: SourceLimits = SOURCE_LIMITS,
): Promise<ReceivedSource> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const tree = new SourceTree(limits)
    const texts = await repack(upload, temporary, tree, limits)
    tree.checkLinks()
    const names = new Set(TELLING_FILES.filter((name) => tree.hasFile(name)))
    const detected = detectApp(
      { names, packageJson: texts.get('package.json'), procfile: texts.get('Procfile') },
      nodes,
    )
    await rename(temporary, file)
    return { ...detected, files: tree.count, sizeBytes: (await stat(file)).size }
  } catch (error) {
    await rm(temporary, { force: true })
    throw explain(error)
  }
}

async function repack(
  upload: Readable,
  temporary: string,
  tree: SourceTree,
  limits: SourceLimits,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const input = extract()
  const stored = pack()
  const stop = new AbortController()
  const { signal } = stop
  const reading = pipeline(
    upload,
    limitBytes(limits.maxBytes),
    createGunzip(),
    limitUnpacked(limits),
    input,
    { signal },
  )
  const writing = pipeline(stored, createGzip({ level: 1 }), createWriteStream(temporary, { mode: 0o600 }), {
    signal,
  })
  const copying = copyEntries()
  async function copyEntries() {
    stored.entry({ ...OWNER, name: './', type: 'directory', mode: 0o755 })
    for await (const entry of input) {
      const accepted = tree.accept(entry.header)
      for (const folder of accepted?.newFolders ?? []) {
        stored.entry({ ...OWNER, name: `${folder}/`, type: 'directory', mode: 0o755 })
      }
      if (accepted?.kind === 'file') {
        const text = READ.has(accepted.path) ? collectText(accepted.path, texts) : undefined
        await copyFile(Readable.from(entry), stored.entry(headerOf(accepted)), text)
      } else {
        if (accepted?.kind === 'link') stored.entry(headerOf(accepted))
        entry.resume()
      }
    }
    stored.finalize()
  }
  try {
    await Promise.all([reading, writing, copying])
  } catch (error) {
    stop.abort()
    await Promise.allSettled([reading, writing, copying])
    throw error
  }
  await syncFile(temporary)
  return texts
}

const headerOf = (entry: Exclude<AcceptedEntry, { kind: 'folder' }>): TarHeader =>
  entry.kind === 'link'
    ? { ...OWNER, name: entry.path, type: 'symlink', linkname: entry.target, mode: 0o777 }
    : { ...OWNER, name: entry.path, type: 'file', size: entry.size, mode: entry.executable ? 0o755 : 0o644 }

async function copyFile(
  source: AsyncIterable<Uint8Array>,
  target: NodeJS.WritableStream,
  tap?: Transform,
): Promise<void> {
  if (tap === undefined) await pipeline(source, target)
  else await pipeline(source, tap, target)
}

/** Keeps the text of a small file while it passes. */
function collectText(path: string, texts: Map<string, string>): Transform {
  const chunks: Buffer[] = []
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > READ_MAX) return done(sourceInvalid(`${path} is larger than ${megabytes(READ_MAX)}`))
      chunks.push(chunk)
      done(null, chunk)
    },
    flush(done) {
      texts.set(path, Buffer.concat(chunks).toString('utf8'))
      done()
    },
  })
}

/** TarHeader and padding count too: a bomb of a million empty entries is still a bomb. */
function limitUnpacked(limits: SourceLimits): Transform {
  return limitBytes(limits.maxUnpackedBytes + limits.maxFiles * 2048)
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What zlib and the archive reader say about a broken archive, in our words; other failures stay as they are. */
function explain(error: unknown): unknown {
  if (error instanceof MaruError) return error
  const code = (error as { code?: string }).code ?? ''
  const broken = code.startsWith('Z_') || /tar|header/i.test((error as Error).message)
  if (broken) return sourceInvalid('the archive is damaged or is not a gzipped tar', error)
  return error
}
