import { readdir, readFile, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip, constants as zlib } from 'node:zlib'
import { MaruError } from '#contract/errors.ts'
import { run } from '#runtime/drivers/process.ts'
import { fileEntry, folderEntries, type TarEntry } from './layer-tar.ts'

const VITE_TIMEOUT_MS = 300_000
/** Below this a compressed file saves less than its headers. */
const COMPRESS_FROM_BYTES = 1_000
const COMPRESSED = ['.js', '.css', '.svg', '.json', '.webmanifest']

/** What the console is made of: when none of it changes, it isn't built again. */
const FOLDERS = ['console', 'contract', 'runtime/kit'] as const
const FILES = ['package-lock.json', 'tsconfig.json', 'images/build-console.ts'] as const

/** Every file that decides what the built console is. */
export async function consoleSources(programDir: string): Promise<TarEntry[]> {
  const isLeftOut = (path: string) => /\.test\.tsx?$|\/(golden|node_modules)$|\/console\/dist$/.test(path)
  const folders = FOLDERS.map((folder) => folderEntries(join(programDir, folder), folder, isLeftOut))
  const files = FILES.map((file) => fileEntry(join(programDir, file), file))
  return [...files, ...(await Promise.all(folders)).flat()]
}

/** Builds the console with Vite beside the work, compresses its files for every visitor to come, gives the folder. */
export async function buildConsole(source: {
  readonly programDir: string
  readonly workDir: string
  readonly logFile: string
}): Promise<string> {
  const { programDir, workDir, logFile } = source
  const target = join(workDir, 'dist')
  const vite = join(programDir, 'node_modules/vite/bin/vite.js')
  const options = ['--configLoader', 'native', '--outDir', target, '--emptyOutDir']
  const argv = [process.execPath, vite, 'build', '--config', 'console/vite.config.ts', ...options] as const
  const env = { NODE_ENV: 'production' }
  const result = await run(argv, { cwd: programDir, env, logFile, timeoutMs: VITE_TIMEOUT_MS })
  if (result.exitCode !== 0) {
    const reason = result.stderr.trim().split('\n').at(-1) ?? 'no output'
    throw new MaruError('hosts.step_failed', { step: 'vite build', reason, log: logFile })
  }
  await compressAll(target)
  return target
}

/** Puts `.br` and `.gz` beside each file that they make smaller. */
async function compressAll(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && COMPRESSED.includes(extname(entry.name)))
  await Promise.all(files.map(({ parentPath, name }) => compress(join(parentPath, name))))
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file)
  if (content.length < COMPRESS_FROM_BYTES) return
  const quality = { [zlib.BROTLI_PARAM_QUALITY]: zlib.BROTLI_MAX_QUALITY }
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(content, { params: quality }),
    promisify(gzip)(content, { level: zlib.Z_BEST_COMPRESSION }),
  ])
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)])
}
