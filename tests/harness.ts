import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ErrorBody } from '#contract/errors.ts'
import { Installation, urlOf } from '#contract/installation.ts'
import type { PlatformStatus } from '#contract/platform.ts'
import { type RunOptions, run } from '#runtime/drivers/process.ts'

/** Root of the repository. */
export const ROOT = resolve(import.meta.dirname, '..')
const MARU = join(ROOT, 'maru')

/** Data folder of the installation under test; `./maru test system` makes it and says where it is. */
export const HOME = process.env.MARU_TEST_HOME ?? ''
if (!HOME) throw new Error('run the system tests with `./maru test system`')

export const installation = Installation.parse(
  JSON.parse(readFileSync(join(HOME, 'installation.json'), 'utf8')),
)

/** Address of an app of the installation, or of the platform itself. */
export const addressOf = (app?: string) =>
  urlOf(installation, app ? `${app}.${installation.domain}` : installation.domain)

export interface CliResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/** Runs the real CLI as root on this host. */
export async function cli(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
  const startedAt = performance.now()
  const env = { MARU_HOME: HOME, NO_COLOR: '1', ...options.env }
  const done = await run([MARU, ...args], { cwd: ROOT, timeoutMs: 300_000, ...options, env })
  return { ...done, seconds: (performance.now() - startedAt) / 1000 }
}

/** Runs the CLI; anything but exit code 0 throws what it printed. */
export async function cliOk(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
  const done = await cli(args, options)
  if (done.exitCode !== 0)
    throw new Error(`maru ${args.join(' ')} ended with ${done.exitCode}:\n${done.stdout}\n${done.stderr}`)
  return done
}

/** Runs the CLI with --json and parses its one document. */
export async function cliJson<T>(args: readonly string[], options: RunOptions = {}): Promise<T> {
  return JSON.parse((await cliOk([...args, '--json'], options)).stdout) as T
}

/** Runs the CLI with --json, expecting a failure; gives the error that it printed and its exit code. */
export async function cliError(
  args: readonly string[],
  options: RunOptions = {},
): Promise<ErrorBody['error'] & { exitCode: number | null; output: string; seconds: number }> {
  const done = await cli([...args, '--json'], options)
  if (done.exitCode === 0) throw new Error(`maru ${args.join(' ')} succeeded:\n${done.stdout}`)
  const last = done.stderr.trim().split('\n').at(-1) ?? ''
  const body = ErrorBody.parse(JSON.parse(last))
  return { ...body.error, exitCode: done.exitCode, output: done.stdout + done.stderr, seconds: done.seconds }
}

/** Asks again until the answer is truthy, then gives it; fails after the time with the last error. */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  while (performance.now() < deadline) {
    try {
      const answer = await probe()
      if (answer) return answer
    } catch (error) {
      last = error
    }
    await delay(100)
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: last })
}

/** A test, or all of a file: what is made for it goes when it ends. */
export interface Ending {
  after(end: () => unknown): unknown
}

/** A name that no other test uses; the app is destroyed when the test ends. */
export function newApp(t: Ending, what = 'app'): string {
  const name = `${what}-${randomInt(36 ** 4).toString(36)}`
  t.after(() => cli(['destroy', name, '--confirm', name]))
  return name
}

/** A folder with these files (path → text), removed when the test ends. */
export async function folderWith(t: Ending, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-source-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

/** Deploys a folder (relative to the repository) as an app that the test owns. */
export const deploy = (folder: string, app: string) => cliOk(['deploy', resolve(ROOT, folder), '--app', app])

/** Files of a web app in one module: `program` is the text of server.js. */
export const nodeApp = (program: string, more: Readonly<Record<string, string>> = {}) => ({
  'package.json': JSON.stringify({
    name: 'app',
    version: '1.0.0',
    private: true,
    type: 'module',
    scripts: { start: 'node server.js' },
  }),
  'server.js': program,
  ...more,
})

/** The same with a build script: `build` is the text of build.js. */
export const builtApp = (program: string, build: string) =>
  nodeApp(program, {
    'package.json': JSON.stringify({
      name: 'app',
      version: '1.0.0',
      private: true,
      type: 'module',
      scripts: { build: 'node build.js', start: 'node server.js' },
    }),
    'build.js': build,
  })

/** A server that answers with a text; SIGTERM lets the requests under way end. */
export const greeter = (text: string) => `
import { createServer } from 'node:http'
const server = createServer((request, response) => response.end(${JSON.stringify(text)}))
server.listen(process.env.PORT)
process.on('SIGTERM', () => server.close())
`

/** What an installation says of itself once every part of it is well. */
export const statusWhenWell = (home: string): Promise<PlatformStatus> =>
  waitFor('every component to be well', async () => {
    const now = await cliJson<PlatformStatus>(['status', '--home', home])
    return now.components.every(({ state }) => state === 'ok') && now
  })
