import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { APP_LIMITS } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { UID } from '#contract/installation.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { megabytes } from './source-limits.ts'
import type { TarHeader } from './tar-header.ts'

/** An app as one compressed layer: everything below /app. */
export interface Slug {
  /** Absolute path of the .tar.gz. */
  readonly path: string
  readonly sha256: string
  readonly bytes: number
  /** Digest of the uncompressed layer, as images name it. */
  readonly diffId: string
}

const OWNER = { uid: UID.app, gid: UID.app, mtime: new Date('2020-01-01T00:00:00Z') }
const UNPACKED_MAX = 4 * APP_LIMITS.slugMaxBytes

/** A tar of which a slug takes what is below `prefix`, or of that only what is below `only`. */
export interface SlugPart {
  /** Called when its turn has come. */
  readonly open: () => Readable | Promise<Readable>
  readonly prefix: string
  readonly only?: string
}

/**
 * Makes a slug of tars, one after the other. What a build made is not trusted: owners, times and modes are set (so
 * equal files give an equal slug), special files and what does not belong to a part are dropped.
 */
export async function makeSlug(
  parts: readonly SlugPart[],
  folder: string,
  signal: AbortSignal,
): Promise<Slug> {
  await ensureFolder(folder, 0o700)
  const temporary = join(folder, `${crypto.randomUUID()}.tmp`)
  try {
    const output = pack()
    const plain = digest(UNPACKED_MAX)
    const packed = digest(APP_LIMITS.slugMaxBytes)
    await Promise.all([
      copyParts(parts, output, signal),
      pipeline(
        output,
        plain.tap,
        createGzip({ level: 1 }),
        packed.tap,
        createWriteStream(temporary, { mode: 0o600 }),
        {
          signal,
        },
      ),
    ])
    const sha256 = packed.hex()
    const path = join(folder, `${sha256}.tar.gz`)
    await rename(temporary, path)
    return { path, sha256, bytes: packed.bytes(), diffId: `sha256:${plain.hex()}` }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The digest that an image needs of a slug that was made before. */
export async function diffIdOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), createGunzip(), hash)
  return `sha256:${hash.digest('hex')}`
}

/** Hashes and counts what passes; fails above the limit. */
function digest(maxBytes: number) {
  const hash = createHash('sha256')
  let bytes = 0
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      if (bytes <= maxBytes) done(null, chunk)
      else done(new MaruError('apps.build_limit', { limit: `${megabytes(maxBytes)} for what it makes` }))
    },
  })
  return { tap, bytes: () => bytes, hex: () => hash.digest('hex') }
}

async function copyParts(
  parts: readonly SlugPart[],
  output: ReturnType<typeof pack>,
  signal: AbortSignal,
): Promise<void> {
  try {
    output.entry({ ...OWNER, name: 'app/', type: 'directory', mode: 0o755 })
    for (const part of parts) {
      const input = extract()
      await Promise.all([
        pipeline(await part.open(), input, { signal }),
        copyEntries(input, output, part, signal),
      ])
    }
    output.finalize()
  } catch (error) {
    output.destroy(error as Error)
    throw error
  }
}

async function copyEntries(
  input: ReturnType<typeof extract>,
  output: ReturnType<typeof pack>,
  part: SlugPart,
  signal: AbortSignal,
): Promise<void> {
  for await (const entry of input) {
    const header = slugHeader(entry.header, part)
    if (header?.type === 'file') await pipeline(Readable.from(entry), output.entry(header), { signal })
    else {
      if (header !== undefined) output.entry(header)
      entry.resume()
    }
  }
}

/** The entry as it is in the slug; undefined for what does not belong there. */
export function slugHeader(
  header: TarHeader,
  { prefix, only = '' }: Omit<SlugPart, 'open'>,
): TarHeader | undefined {
  const name = below(header.name, prefix)
  if (name === undefined || !`${name}/`.startsWith(only)) return undefined
  const path = `app/${name}`
  switch (header.type) {
    case 'directory':
      return { ...OWNER, name: `${path}/`, type: 'directory', mode: 0o755 }
    case 'symlink':
      return { ...OWNER, name: path, type: 'symlink', linkname: header.linkname ?? '', mode: 0o777 }
    case 'link': {
      const target = below(header.linkname ?? '', prefix)
      if (target === undefined) return undefined
      return { ...OWNER, name: path, type: 'link', linkname: `app/${target}`, mode: 0o755 }
    }
    case 'file': {
      const executable = ((header.mode ?? 0) & 0o111) !== 0
      return { ...OWNER, name: path, type: 'file', size: header.size ?? 0, mode: executable ? 0o755 : 0o644 }
    }
    default:
      return undefined
  }
}

/** Path below the prefix; undefined for the prefix itself, for what is outside, and for whiteouts. */
function below(name: string, prefix: string): string | undefined {
  const path = name.replace(/^\.?\//, '').replace(/\/$/, '')
  if (!path.startsWith(prefix)) return undefined
  const rest = path.slice(prefix.length)
  const parts = rest.split('/')
  // `.wh.` names would delete files of the stack when the layer is applied.
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.startsWith('.wh.'))
  return bad ? undefined : rest
}
