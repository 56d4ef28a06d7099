import type { Import, SourceFile } from './source-tree.ts'

/** A forbidden import, or undefined when it is allowed. */
export interface ImportRule {
  readonly name: string
  readonly reason: string
  readonly applies: (path: string) => boolean
  readonly forbids: (found: Import, file: SourceFile) => boolean
}

/** Tests, and what only tests use (`test-database.ts`). */
export const isTest = (path: string) =>
  /\.test\.ts$|\/test-[a-z-]+\.ts$/.test(path) || path.startsWith('tests/')
const isPlan = (path: string) => /(^|[/-])plan\.ts$/.test(path)
const isCommands = (path: string) => /\/commands[^/]*\.ts$/.test(path)
const isStore = (path: string) => /(^|[/-])store[^/]*\.ts$/.test(path)

/** SQL that is no query of tables, each with its reason. */
const OTHER_SQL: Readonly<Record<string, string>> = {
  'platform/data/': "it makes databases and roles and asks PostgreSQL's own catalogue: its subject is SQL",
  'platform/status/routes.ts': 'it asks whether the database answers',
}
const folder = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** `platform/apps/x.ts` → `apps`; undefined outside platform/. */
export const capabilityOf = (path: string) => /^platform\/([^/]+)\//.exec(path)?.[1]

const within = (found: Import, ...folders: string[]) =>
  found.local && folders.some((name) => found.target.startsWith(name))

const startsWithAny = (path: string, prefixes: Readonly<Record<string, string>>) =>
  Object.keys(prefixes).some((prefix) => path.startsWith(prefix))

const SOCKETS = ['node:net', 'node:tls', 'node:http', 'node:https', 'node:http2', 'node:dgram']
const OUTSIDE = [...SOCKETS, 'node:child_process', 'dockerode', 'ssh2']

/** What commands share: the CLI itself, packing a source, and writing a person's own files whole or not at all. */
const BESIDE_COMMANDS = ['runtime/cli/', 'platform/builds/index.ts', 'runtime/drivers/files.ts']

/** Who opens sockets or starts processes although it isn't a driver, each with its reason. */
const OPENS: Readonly<Record<string, string>> = {
  'runtime/server/': 'it is the HTTP server',
  'runtime/agent/': "it serves the agent's own socket",
  'runtime/cli/': 'it is the HTTP client of people',
  'platform/hosts/': 'it runs on the host before there is a server or an agent to ask',
  'images/': 'programs that run inside containers, apart from the platform',
  'tools/': 'development only',
  'bench/': 'it measures the platform from outside',
}

/** The boundaries of docs/architecture.md. A new rule needs a reason that a newcomer understands. */
export const IMPORT_RULES: readonly ImportRule[] = [
  {
    name: 'contract imports zod only',
    reason: 'server, agent, CLI and console share it; anything else would travel into all of them',
    applies: (path) => path.startsWith('contract/'),
    forbids: (found) => !within(found, 'contract/') && found.target !== 'zod',
  },
  {
    name: 'kit stays pure',
    reason: 'small helpers are used everywhere, so they must not drag in effects or capabilities',
    applies: (path) => path.startsWith('runtime/kit/'),
    forbids: (found) =>
      found.local ? !within(found, 'contract/', 'runtime/kit/') : OUTSIDE.includes(found.target),
  },
  {
    name: 'plans are pure',
    reason: 'a plan decides from what it is given, so it can be shown, tested and repeated',
    applies: isPlan,
    forbids: (found, file) =>
      found.local
        ? !within(found, 'contract/', 'runtime/kit/') &&
          !found.typeOnly &&
          folder(found.target) !== folder(file.path)
        : found.target !== 'zod' && !found.typeOnly,
  },
  {
    name: 'commands know the contract, not the server',
    reason: 'the CLI runs on machines that have no server, and must start fast',
    applies: (path) => isCommands(path) && capabilityOf(path) !== 'hosts',
    forbids: (found, file) =>
      found.local &&
      !within(found, 'contract/', 'runtime/kit/', ...BESIDE_COMMANDS) &&
      !(found.lazy && found.target.endsWith('/index.ts')) &&
      !(isCommands(found.target) && folder(found.target) === folder(file.path)),
  },
  {
    name: 'only drivers reach outside',
    reason: 'effects in one place can be faked in tests and audited',
    applies: (path) => !path.startsWith('runtime/drivers/') && !startsWithAny(path, OPENS),
    forbids: (found) => OUTSIDE.includes(found.target) && !found.typeOnly,
  },
  {
    name: 'only the server makes database connections',
    reason:
      'one pool knows about TLS, failover and limits; hosts makes the first role before it exists, a drill is an app',
    applies: (path) => !['runtime/server/', 'platform/hosts/', 'drills/'].some((own) => path.startsWith(own)),
    forbids: (found) => found.target === 'pg' && !found.typeOnly,
  },
  {
    name: 'only stores query',
    reason: "a capability's tables can change without a search through the whole program",
    applies: (path) => path.startsWith('platform/') && !isStore(path) && !startsWithAny(path, OTHER_SQL),
    forbids: (found) => found.target === 'kysely' && !found.typeOnly,
  },
  {
    name: 'capabilities meet at index.ts',
    reason: 'what a capability offers is written down in one file; the rest is free to change',
    applies: (path) => path.startsWith('platform/'),
    forbids: (found, file) => {
      const other = found.local ? capabilityOf(found.target) : undefined
      if (!other || other === capabilityOf(file.path)) return false
      return found.target !== `platform/${other}/index.ts`
    },
  },
  {
    name: 'crossings are written with #',
    reason: 'relative imports stay inside a folder, so every crossing can be found with grep',
    applies: () => true,
    forbids: (found, file) => {
      if (!found.specifier.startsWith('..')) return false
      const home = capabilityOf(file.path)
      return home
        ? capabilityOf(found.target) !== home
        : file.path.split('/')[0] !== found.target.split('/')[0]
    },
  },
  {
    name: 'the console knows the contract, not the server',
    reason: 'it runs in a browser, where there is no Node and nothing secret may arrive',
    applies: (path) => path.startsWith('console/') && path !== 'console/vite.config.ts',
    forbids: (found) =>
      found.local
        ? !within(found, 'console/', 'contract/', 'runtime/kit/')
        : found.target.startsWith('node:') || OUTSIDE.includes(found.target),
  },
  {
    name: 'drivers and kit know no capability',
    reason: 'they are the floor that capabilities stand on',
    applies: (path) => /^runtime\/(drivers|kit)\//.test(path),
    forbids: (found) => within(found, 'platform/', 'runtime/server/', 'runtime/agent/', 'runtime/cli/'),
  },
  {
    name: 'the server knows capabilities only where it is composed',
    reason: 'a new capability adds its row to the composition root and nowhere else',
    applies: (path) => path.startsWith('runtime/server/') && path !== 'runtime/server/compose.ts',
    forbids: (found) => within(found, 'platform/') && !found.typeOnly,
  },
]

/** Every broken rule, as lines for people; empty when all is well. */
export function brokenImports(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTest(file.path))
    .flatMap((file) =>
      IMPORT_RULES.filter((rule) => rule.applies(file.path)).flatMap((rule) =>
        file.imports
          .filter((found) => rule.forbids(found, file))
          .map(
            (found) =>
              `${file.path}:${found.line} imports ${found.specifier}: ${rule.name}, because ${rule.reason}`,
          ),
      ),
    )
}

/** A cycle between capabilities as `a → b → a`, or undefined. Type imports count: they couple too. */
export function capabilityCycle(files: readonly SourceFile[]): string | undefined {
  const edges = new Map<string, Set<string>>()
  for (const file of files.filter(({ path }) => !isTest(path))) {
    const from = capabilityOf(file.path)
    if (!from) continue
    for (const found of file.imports) {
      const to = found.local ? capabilityOf(found.target) : undefined
      if (to && to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
  }
  const visit = (name: string, path: readonly string[]): string | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name].join(' → ')
    for (const next of edges.get(name) ?? []) {
      const cycle = visit(next, [...path, name])
      if (cycle) return cycle
    }
    return undefined
  }
  for (const name of edges.keys()) {
    const cycle = visit(name, [])
    if (cycle) return cycle
  }
  return undefined
}
