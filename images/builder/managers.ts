import { BUILDER } from './layout.ts'

/** How a package manager is called: arguments for Node, one command each. */
export interface Manager {
  readonly name: string
  readonly lockFiles: readonly string[]
  readonly install: readonly string[]
  /** Removes what only development needs. */
  readonly prune: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Goes in front of PATH, so that scripts that call the manager get this one. */
  readonly bin: string
}

const PACKAGES = `${BUILDER.dir}/node_modules`
const BIN = `${PACKAGES}/.bin`

const npm = `${PACKAGES}/npm/bin/npm-cli.js`
const pnpm = `${PACKAGES}/pnpm/bin/pnpm.cjs`
const yarn = `${PACKAGES}/yarn/bin/yarn.js`
const berry = `${PACKAGES}/@yarnpkg/cli-dist/bin/yarn.js`

const NPM: Manager = {
  name: 'npm',
  lockFiles: ['npm-shrinkwrap.json', 'package-lock.json'],
  install: [npm, 'ci', '--include=dev'],
  prune: [npm, 'prune', '--omit=dev', '--ignore-scripts'],
  env: {
    npm_config_cache: `${BUILDER.cache}/npm`,
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  },
  bin: BIN,
}

const PNPM: Manager = {
  name: 'pnpm',
  lockFiles: ['pnpm-lock.yaml', 'pnpm-workspace.yaml'],
  install: [pnpm, 'install', '--frozen-lockfile', '--prod=false'],
  prune: [pnpm, 'prune', '--prod', '--ignore-scripts'],
  env: {
    npm_config_store_dir: `${BUILDER.cache}/pnpm`,
    npm_config_cache_dir: `${BUILDER.cache}/pnpm-meta`,
    // The builder's own release is used: a build must not fetch another package manager.
    npm_config_manage_package_manager_versions: 'false',
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  },
  bin: BIN,
}

const YARN: Manager = {
  name: 'yarn 1',
  lockFiles: ['yarn.lock', '.yarnrc'],
  install: [yarn, 'install', '--frozen-lockfile', '--production=false', '--non-interactive'],
  prune: [yarn, 'install', '--frozen-lockfile', '--production', '--ignore-scripts', '--non-interactive'],
  env: { YARN_CACHE_FOLDER: `${BUILDER.cache}/yarn` },
  bin: `${PACKAGES}/yarn/bin`,
}

const BERRY: Manager = {
  name: 'yarn',
  lockFiles: ['yarn.lock', '.yarnrc.yml'],
  install: [berry, 'install', '--immutable'],
  prune: [berry, 'workspaces', 'focus', '--all', '--production'],
  env: {
    YARN_GLOBAL_FOLDER: `${BUILDER.cache}/yarn-berry`,
    YARN_ENABLE_GLOBAL_CACHE: 'true',
    YARN_ENABLE_TELEMETRY: 'false',
    // Instances start with plain `node`, so the packages have to be where Node looks.
    YARN_NODE_LINKER: 'node-modules',
  },
  bin: BIN,
}

/** The lock files of all of them. */
export const LOCK_FILES = [NPM, PNPM, YARN, BERRY].flatMap(({ lockFiles }) => lockFiles)

/** A source's package manager; `read` gives a file of it. Yarn's two families differ in their lock files. */
export function managerFor(kind: 'npm' | 'pnpm' | 'yarn', read: (file: string) => string): Manager {
  if (kind === 'npm') return NPM
  if (kind === 'pnpm') return PNPM
  const version = /^__metadata:\s+version: (\d+)/m.exec(read('yarn.lock'))?.[1]
  if (version === undefined) return YARN
  // Otherwise a lock file of an older release would be rewritten, which --immutable refuses.
  return { ...BERRY, env: { ...BERRY.env, YARN_LOCKFILE_VERSION_OVERRIDE: version } }
}
