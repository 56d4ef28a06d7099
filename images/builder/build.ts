import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { installationKey } from './installation-key.ts'
import { keepPackages, restorePackages, tidyCache } from './installed-packages.ts'
import { BUILD_EXIT, BUILDER, type BuildOrder } from './layout.ts'
import { type Manager, managerFor } from './managers.ts'
import { limitHit, watchLimits } from './watch-limits.ts'

/** The program of the builder container: installs, builds and prunes the app in the current folder. */

interface Package {
  readonly scripts?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const say = (text: string): void => {
  process.stdout.write(`-----> ${text}\n`)
}

/** Runs a program to its end; its output is the build's log. Ends the build with `exit` when it fails. */
async function must(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  exit: number,
  what: string,
): Promise<void> {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  if (code === 0) return
  const limit = limitHit()
  if (limit === undefined) say(`${what} failed (${code})`)
  process.exit(limit ?? exit)
}

function environment(manager: Manager | undefined): NodeJS.ProcessEnv {
  const path = [
    '/app/node_modules/.bin',
    manager?.bin ?? `${BUILDER.dir}/node_modules/.bin`,
    process.env.PATH,
  ]
  return { ...process.env, ...manager?.env, CI: 'true', PATH: path.join(':') }
}

/** Packages are kept for build scripts only: without one, the host has what it needs in the app's last slug. */
async function install(manager: Manager, order: BuildOrder): Promise<void> {
  const env = environment(manager)
  const key = order.buildScript ? keyOf(manager) : undefined
  if (key !== undefined && restorePackages(key)) return say('Dependencies are unchanged')
  say(`Installing dependencies with ${manager.name}`)
  await must([process.execPath, ...manager.install], env, BUILD_EXIT.install, 'Installing')
  if (key !== undefined) keepPackages(key)
  tidyCache()
}

function keyOf(manager: Manager): string | undefined {
  const { HOSTNAME: _, ...env } = process.env
  return installationKey(manager, readIfThere, env, [process.version])
}

const readIfThere = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

async function prune(manager: Manager, pkg: Package): Promise<void> {
  if (Object.keys(pkg.devDependencies ?? {}).length === 0) return
  say('Removing development dependencies')
  const env = { ...environment(manager), NODE_ENV: 'production' }
  await must([process.execPath, ...manager.prune], env, BUILD_EXIT.prune, 'Removing them')
}

async function runBuildScript(pkg: Package, manager: Manager | undefined): Promise<void> {
  for (const name of ['prebuild', 'build', 'postbuild']) {
    const script = pkg.scripts?.[name]
    if (script === undefined || script.trim() === '') continue
    say(`Running the "${name}" script`)
    const env = { ...environment(manager), npm_lifecycle_event: name }
    // Package scripts are shell text by definition; it is the app's own text in the app's own container.
    await must(['/bin/sh', '-c', script], env, BUILD_EXIT.script, `The "${name}" script`)
  }
}

async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] ?? '') as BuildOrder
  watchLimits()
  mkdirSync(process.env.HOME ?? '/tmp/home', { recursive: true })
  const pkg = JSON.parse(readFileSync('package.json', 'utf8').replace(/^\uFEFF/, '')) as Package
  say(`Node ${process.versions.node}`)
  const manager = order.manager === 'none' ? undefined : managerFor(order.manager, readIfThere)
  if (manager !== undefined) await install(manager, order)
  if (order.buildScript) await runBuildScript(pkg, manager)
  if (manager !== undefined) await prune(manager, pkg)
  if (existsSync('node_modules/.cache')) rmSync('node_modules/.cache', { recursive: true, force: true })
  process.exit(limitHit() ?? BUILD_EXIT.done)
}

await main()
