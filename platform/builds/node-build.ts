import { fileURLToPath } from 'node:url'
import { installationKey, KEY_FILES } from '#images/builder/installation-key.ts'
import { managerFor } from '#images/builder/managers.ts'
import { ensureNodeStack } from '#images/ensure-node-stack.ts'
import { NODES } from '#images/nodes.ts'
import { buildInContainer, type NodeRecipe } from './build-container.ts'
import type { BuildContext } from './build-context.ts'
import { makeSlug, type Slug, type SlugPart } from './slug.ts'
import { findSlugWithPackages, slugFolder } from './slug-store.ts'
import { openArchive, readSourceFiles } from './source-file.ts'

const PROGRAM_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** A slug, and what it goes on. */
export interface BuiltSlug {
  readonly stack: string
  readonly slug: Slug
  /** Names the installation of packages that is in the slug unchanged; undefined where it has no name. */
  readonly packages: string | undefined
}

/** Builds a Node app and gives its slug; in a confined container, unless there is nothing to run. */
export async function buildNode(context: BuildContext, recipe: NodeRecipe): Promise<BuiltSlug> {
  const { docker, home, config } = context.deps
  const stack = await ensureNodeStack(recipe.nodeMajor, {
    docker,
    home,
    programDir: PROGRAM_DIR,
    appImage: config.images.app,
  })
  const packages = await packagesKey(context, recipe, stack.image)
  const parts = await readyParts(context, recipe, packages)
  const slug =
    parts === undefined
      ? await buildInContainer(context, recipe, stack.nodeDir)
      : await makeSlug(parts, slugFolder(context), context.signal)
  return { stack: stack.image, slug, packages }
}

/** Key of the installation that the slug will hold; none where a build script may change what was installed. */
async function packagesKey(
  { request, deps, source }: BuildContext,
  { manager: kind, buildScript }: NodeRecipe,
  stack: string,
): Promise<string | undefined> {
  if (kind === 'none' || buildScript) return undefined
  const files = await readSourceFiles(source, KEY_FILES)
  if (files === undefined) return undefined
  const read = (file: string) => files.get(file) ?? ''
  return installationKey(managerFor(kind, read), read, request.env, [stack, deps.config.images.builder])
}

/**
 * What the slug is made of where nothing has to be installed or built: the source, with the packages of an earlier
 * slug. A container for it would be half of a small deploy's time. Undefined where something has to run.
 */
async function readyParts(
  context: BuildContext,
  { manager, buildScript, nodeMajor }: NodeRecipe,
  packages: string | undefined,
): Promise<SlugPart[] | undefined> {
  if (buildScript) return undefined
  const kept = packages === undefined ? undefined : await findSlugWithPackages(context, packages)
  if (manager !== 'none' && kept === undefined) return undefined
  context.out.line(`-----> Node ${NODES[nodeMajor]?.version}`)
  context.out.line(kept === undefined ? '-----> Nothing to install' : '-----> Dependencies are unchanged')
  const source = { open: () => openArchive(context.source), prefix: '' }
  return kept === undefined
    ? [source]
    : [source, { open: () => openArchive(kept), prefix: 'app/', only: 'node_modules/' }]
}
