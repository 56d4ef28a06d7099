import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROGRAM_DIR } from './recipes.ts'

/** Programs of the platform's own containers: the file that each becomes, and where it begins. */
const BUNDLED = { 'maru-server': 'bin/maru-server.ts', 'maru-agent': 'bin/maru-agent.ts' } as const

/** Where the bundled programs are inside the platform image, below the program itself. */
export const BUNDLE_DIR = 'dist'

/** The path of a bundled program inside the platform image. */
export const bundledProgram = (name: keyof typeof BUNDLED): string =>
  `${PROGRAM_DIR}/${BUNDLE_DIR}/${name}.js`

/** Code for another processor or system, which is not installed: packages try to load it and go on without. */
const NOT_INSTALLED = [/\.node$/]
/** What makes an image is installed where images are made only. */
const NOT_IN_IMAGE = ['rolldown']

/** How the older kind of module asks for its own place. */
const ASKS_AS_COMMONJS = /\b__(?:dir|file)name\b/
const ASKS_ITS_PLACE = new RegExp(`import\\.meta\\.|${ASKS_AS_COMMONJS.source}`)

/** Replaces what a file asks about its own place: it is asked in the bundle, and means where its source is. */
function withItsPlace(code: string, file: string): string {
  const answers = { dirname: dirname(file), filename: file, url: pathToFileURL(file).href }
  // Not written as one word: this file is bundled, too.
  const told = Object.entries(answers).reduce(
    (text, [asked, answer]) => text.replaceAll(`import.${'meta'}.${asked}`, () => JSON.stringify(answer)),
    code,
  )
  if (!ASKS_AS_COMMONJS.test(told)) return told
  return `var __dirname = ${JSON.stringify(dirname(file))}, __filename = ${JSON.stringify(file)};${told}`
}

/** Programs that are bundled together. */
export interface Bundling {
  /** This program's own folder. */
  readonly programDir: string
  /** The file that each program becomes, without its ending, and where it begins in that folder. */
  readonly programs: Readonly<Record<string, string>>
  /** Where that folder is when the bundle runs. */
  readonly placedAt: string
  /** Packages that are left out. */
  readonly without: readonly string[]
  readonly target: string
}

/** Bundles the programs of the platform's containers in `target` (docs/decisions/0039). */
export const bundleProgram = (programDir: string, target: string): Promise<void> =>
  bundle({ programDir, programs: BUNDLED, placedAt: PROGRAM_DIR, without: NOT_IN_IMAGE, target })

/**
 * Bundles programs with their packages into a few files of JavaScript: more than a thousand files that would each be found, read,
 * stripped of types and linked at every start.
 */
export async function bundle({ programDir, programs, placedAt, without, target }: Bundling): Promise<void> {
  const { rolldown } = await import('rolldown')
  const root = await realpath(programDir)
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(root, file)])),
    cwd: root,
    platform: 'node',
    external: [...NOT_INSTALLED, ...without],
    plugins: [
      {
        name: 'places',
        transform: {
          // What begins with a null character is the bundler's own.
          filter: { id: { exclude: /^\0/ }, code: ASKS_ITS_PLACE },
          handler: (code, id) =>
            withItsPlace(
              code,
              id.replace(`${root}/`, () => `${placedAt}/`),
            ),
        },
      },
    ],
    onLog: (level, { message }) => {
      if (level === 'warn') throw new Error(message)
    },
  })
  try {
    // Named by content alone, so that the same program makes the same layer; not minified, so that an error's lines can be read.
    await build.write({
      dir: target,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
    })
  } finally {
    await build.close()
  }
}
