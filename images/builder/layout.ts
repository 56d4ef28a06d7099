/**
 * What the builder and app images hold besides Node, and where. The image maker copies these folders; builds
 * and detected commands name them.
 *
 * Builder image: images/builder/*.ts and package.json at BUILDER.dir, with the packages of its own lock file
 * (`npm ci --ignore-scripts`). App image: images/static-server in the same way at STATIC_SERVER.dir, and
 * STATIC_SERVER.command as a link to its program.
 */
export const BUILDER = {
  dir: '/opt/builder',
  program: '/opt/builder/build.ts',
  /** Where a Node release other than the default is mounted: a folder with the `node` binary. */
  node: '/opt/node',
  /** The app's folder, the same path as in instances: some tools write absolute paths into what they make. */
  app: '/app',
  cache: '/cache',
  hostCa: '/etc/maru/host-ca.crt',
} as const

export const STATIC_SERVER = {
  dir: '/opt/static-server',
  program: '/opt/static-server/server.ts',
  command: '/usr/local/bin/maru-static',
} as const

/** What the build program gets as its one argument, as JSON. */
export interface BuildOrder {
  readonly manager: 'npm' | 'pnpm' | 'yarn' | 'none'
  readonly buildScript: boolean
}

/** How the build program ends; any other code means that it was killed or is broken. */
export const BUILD_EXIT = { done: 0, install: 11, script: 12, prune: 13, memory: 20, processes: 21 } as const
