import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import { type Docker, type ImageDetail, LABELS } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import type { BuildContext } from './build-context.ts'

/** Label of an image: its slug's file under artifacts/slugs. */
export const SLUG_LABEL = 'maru.slug'
/** Label of an image: the key of the installation that its slug's node_modules are, see `installationKey`. */
export const PACKAGES_LABEL = 'maru.packages'

/** The slug that an image was made of, where this host still has it. */
export async function slugFileOf(
  home: string,
  { labels }: Pick<ImageDetail, 'labels'>,
): Promise<string | undefined> {
  const file = labels[SLUG_LABEL] ?? ''
  // An app can label an image of its own Dockerfile as it likes.
  if (!/^app_[a-z0-9]+\/[0-9a-f]{64}\.tar\.gz$/.test(file)) return undefined
  const path = join(home, HOME.slugs, file)
  return (await exists(path)) ? path : undefined
}

/** Slugs lie in a folder for each app, so that an app's end is the end of its slugs. */
export const slugFolder = ({ deps, request }: Pick<BuildContext, 'deps' | 'request'>): string =>
  join(deps.home, HOME.slugs, request.appId)

/** Removes the slugs of an app that no image is made of any more. One build of an app runs at a time. */
export async function removeUnusedSlugs(context: Pick<BuildContext, 'deps' | 'request'>): Promise<void> {
  const { docker, config } = context.deps
  const images = await docker.images.list({
    [LABELS.owner]: config.installation.id,
    [LABELS.appId]: context.request.appId,
  })
  const used = new Set(images.map(({ labels }) => basename(labels[SLUG_LABEL] ?? '')))
  const folder = slugFolder(context)
  const surplus = (await readdir(folder)).filter((name) => !used.has(name))
  await Promise.all(surplus.map((name) => rm(join(folder, name), { force: true })))
}

/** A slug of this app that holds the packages of an installation; undefined where there is none. */
export async function findSlugWithPackages(
  context: Pick<BuildContext, 'deps' | 'request'>,
  key: string,
): Promise<string | undefined> {
  const { docker, config } = context.deps
  const images = await docker.images.list({
    [LABELS.owner]: config.installation.id,
    [LABELS.appId]: context.request.appId,
    [PACKAGES_LABEL]: key,
  })
  for (const { labels } of images) {
    // Only the last part: an app can label an image of its own Dockerfile as it likes.
    const path = join(slugFolder(context), basename(labels[SLUG_LABEL] ?? ''))
    if (path.endsWith('.tar.gz') && (await exists(path))) return path
  }
  return undefined
}

/** Removes all slugs of an app that was destroyed. */
export async function removeSlugs(home: string, appId: string): Promise<void> {
  await rm(join(home, HOME.slugs, appId), { recursive: true, force: true })
}

/** A younger file may belong to a build under way. */
const STRAY_MS = 60 * 60 * 1000

/** Removes the slugs whose image is gone, of all apps: `used` is what images say of their slugs. Gives how many went. */
export async function removeStraySlugs(home: string, used: ReadonlySet<string>, now: Date): Promise<number> {
  const root = join(home, HOME.slugs)
  let removed = 0
  for (const app of await readdir(root).catch(() => [])) {
    const folder = join(root, app)
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((one) => !used.has(`${app}/${one}`))) {
      const file = join(folder, name)
      const found = await stat(file).catch(() => undefined)
      if (found === undefined || now.getTime() - found.mtimeMs < STRAY_MS) continue
      await rm(file, { force: true })
      removed += 1
    }
    // Fails where there is something in it, which is as it should be.
    if (removed > 0) await rmdir(folder).catch(() => undefined)
  }
  return removed
}

/** Removes the slugs of images that are gone, of all apps. Gives how many went. */
export async function pruneSlugs(docker: Docker, owner: string, home: string, now: Date): Promise<number> {
  const images = await docker.images.list({ [LABELS.owner]: owner })
  return await removeStraySlugs(home, new Set(images.map(({ labels }) => labels[SLUG_LABEL] ?? '')), now)
}
