import { satisfies, validRange } from 'semver'
import { z } from 'zod'
import type { BuildRecipe } from '#contract/agent.ts'
import { MaruError } from '#contract/errors.ts'
import { parseProcfile } from './procfile.ts'
import { expandCommand, startCommand } from './script-commands.ts'
import { sourceInvalid } from './walk-source.ts'

/** What is known of a source: the names that matter and the text of two files. */
export interface SourceFacts {
  readonly names: ReadonlySet<string>
  readonly packageJson: string | undefined
  readonly procfile: string | undefined
}

/** The Node releases that there are: major version → full version. */
export interface NodeChoice {
  readonly versions: Readonly<Record<number, string>>
  readonly defaultMajor: number
}

export interface DetectedApp {
  readonly recipe: BuildRecipe
  /** Process type → command. A Dockerfile's own command is not among them. */
  readonly processes: Readonly<Record<string, string>>
}

/** Files that decide; a source is recognised by these alone. */
export const TELLING_FILES: readonly string[] = [
  'Dockerfile',
  'Procfile',
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'index.html',
  'public/index.html',
  'dist/index.html',
]

const Dependencies = z.record(z.string(), z.string()).default({})
const PackageJson = z.object({
  scripts: z.record(z.string(), z.string()).default({}),
  engines: z.object({ node: z.string().optional() }).default({}),
  dependencies: Dependencies,
  devDependencies: Dependencies,
  optionalDependencies: Dependencies,
})
type PackageJson = z.infer<typeof PackageJson>

/** How to build a source and what to run: Dockerfile before package.json before index.html. */
export function detectApp(facts: SourceFacts, nodes: NodeChoice): DetectedApp {
  const processes = facts.procfile === undefined ? {} : parseProcfile(facts.procfile)
  if (facts.names.has('Dockerfile')) return { recipe: { kind: 'dockerfile' }, processes }
  if (facts.packageJson !== undefined) return detectNode(facts, facts.packageJson, processes, nodes)
  const page = ['index.html', 'public/index.html', 'dist/index.html'].find((name) => facts.names.has(name))
  if (page === undefined) throw new MaruError('apps.source_unrecognised')
  const folder = page.includes('/') ? page.slice(0, page.indexOf('/')) : '.'
  return { recipe: { kind: 'static' }, processes: { web: `maru-static ${folder}`, ...processes } }
}

function detectNode(
  facts: SourceFacts,
  text: string,
  procfile: Record<string, string>,
  nodes: NodeChoice,
): DetectedApp {
  const pkg = parsePackage(text)
  const manager = managerOf(pkg, facts.names)
  const nodeMajor = majorFor(pkg.engines.node, nodes)
  const processes = Object.fromEntries(
    Object.entries(procfile).map(([type, command]) => [type, expandCommand(command, pkg.scripts)]),
  )
  const web = processes.web ?? startCommand(pkg.scripts, facts.names.has('server.js'))
  if (web === undefined && Object.keys(processes).every((type) => type === 'release')) {
    throw new MaruError('apps.no_start')
  }
  return {
    recipe: { kind: 'node', nodeMajor, manager, buildScript: 'build' in pkg.scripts },
    processes: web === undefined ? processes : { ...processes, web },
  }
}

function parsePackage(text: string): PackageJson {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw sourceInvalid('package.json is not valid JSON', error)
  }
  const parsed = PackageJson.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw sourceInvalid(`package.json, ${issue?.path.join('.') || 'top'}: ${issue?.message ?? 'is not valid'}`)
}

function managerOf(pkg: PackageJson, names: ReadonlySet<string>) {
  if (names.has('package-lock.json') || names.has('npm-shrinkwrap.json')) return 'npm'
  if (names.has('pnpm-lock.yaml')) return 'pnpm'
  if (names.has('yarn.lock')) return 'yarn'
  const wanted = [pkg.dependencies, pkg.devDependencies, pkg.optionalDependencies]
  if (wanted.some((group) => Object.keys(group).length > 0)) throw new MaruError('apps.lockfile_missing')
  return 'none'
}

/** The default where it fits, else the newest that does. */
function majorFor(range: string | undefined, nodes: NodeChoice): number {
  if (range === undefined || range.trim() === '') return nodes.defaultMajor
  if (validRange(range) === null) {
    throw sourceInvalid(`engines.node ${JSON.stringify(range)} in package.json is not a version range`)
  }
  const majors = Object.keys(nodes.versions).map(Number)
  const order = [nodes.defaultMajor, ...majors.sort((a, b) => b - a)]
  const found = order.find((major) => satisfies(nodes.versions[major] ?? '', range))
  if (found !== undefined) return found
  throw new MaruError('apps.engine_unsupported', { range, have: majors.sort((a, b) => a - b).join(', ') })
}
