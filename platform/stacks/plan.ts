import type { BuildRecipe } from '#contract/agent.ts'
import type { HostStacks } from '#contract/host-stacks.ts'
import type { AppStack, Stack } from '#contract/stacks.ts'

/** A release that serves, and what it stands on. */
export interface Standing {
  readonly appId: string
  readonly app: AppStack['app']
  readonly release: number
  readonly recipe: BuildRecipe
  /** Image id of the platform's stack; null: the app's image brings its own. */
  readonly stack: string | null
}

/** An app that a roll moves. */
export interface RollApp {
  readonly appId: string
  readonly app: string
  readonly release: number
}

type Newest = HostStacks['newest'][number]

const SHORT = 'sha256:'.length + 12
const OWN = 'its Dockerfile brings its own stack: `maru deploy` builds it on a newer one'
const GONE = 'the platform no longer offers its Node version: deploy it for another one'

/** Such as node26-3f2a9c0b1d2e. */
const nameOf = (nodeMajor: number, image: string | null) =>
  `node${nodeMajor}${image === null ? '' : `-${image.slice('sha256:'.length, SHORT)}`}`

/** The newest stacks as people see them; those that no app has asked for yet are left out. */
export const viewStacks = (stacks: Pick<HostStacks, 'newest'>): Stack[] =>
  stacks.newest
    .filter(({ image }) => image !== null)
    .map(({ nodeMajor, image, madeAt }) => ({ name: nameOf(nodeMajor, image), image, madeAt }))

/** The newest stack for what a recipe builds; undefined where there is none for it. */
function newestFor(recipe: BuildRecipe, { newest }: Pick<HostStacks, 'newest'>): Newest | undefined {
  if (recipe.kind === 'dockerfile') return undefined
  if (recipe.kind === 'static') return newest.find(({ usual }) => usual)
  return newest.find(({ nodeMajor }) => nodeMajor === recipe.nodeMajor)
}

/** Whether a release stands on another stack than the newest for it, also where there is none for it any more. */
export const isBehind = (
  release: Pick<Standing, 'recipe' | 'stack'>,
  stacks: Pick<HostStacks, 'newest'>,
): boolean => release.stack !== null && newestFor(release.recipe, stacks)?.image !== release.stack

/** Whether there is a newer stack that a release can be put on. */
export const canMove = (
  release: Pick<Standing, 'recipe' | 'stack'>,
  stacks: Pick<HostStacks, 'newest'>,
): boolean => isBehind(release, stacks) && newestFor(release.recipe, stacks) !== undefined

/** What each app stands on. */
export function judgeStandings(
  apps: readonly Standing[],
  stacks: Pick<HostStacks, 'newest' | 'known'>,
): AppStack[] {
  const madeAt = new Map(stacks.known.map((one) => [one.image, one.madeAt]))
  return apps.map((one) => {
    const newest = newestFor(one.recipe, stacks)
    const usual = stacks.newest.find((stack) => stack.usual)
    const major = newest?.nodeMajor ?? (one.recipe.kind === 'node' ? one.recipe.nodeMajor : usual?.nodeMajor)
    const isOwn = one.stack === null
    return {
      app: one.app,
      release: one.release,
      stack: isOwn ? null : nameOf(major ?? 0, one.stack),
      madeAt: madeAt.get(one.stack ?? '') ?? null,
      newest: isOwn || newest === undefined ? null : nameOf(newest.nodeMajor, newest.image),
      state: isOwn ? 'own' : isBehind(one, stacks) ? 'behind' : 'newest',
      detail: isOwn ? OWN : newest === undefined ? GONE : '',
    }
  })
}

/** The apps that a roll moves, by name. */
export const planRoll = (apps: readonly Standing[], stacks: Pick<HostStacks, 'newest'>): RollApp[] =>
  apps
    .filter((one) => canMove(one, stacks))
    .map(({ appId, app, release }) => ({ appId, app, release }))
    .sort((a, b) => (a.app < b.app ? -1 : 1))

/** A roll in words, one app a line. */
export const renderRoll = (apps: readonly RollApp[]): string =>
  apps.map(({ app, release }, at) => `${at + 1}. Put ${app} v${release} on the newest stack`).join('\n')

/** Whether a stack has been there for longer than the set age, so that nothing may stand on an older one any more. */
export const isOverdue = (madeAt: string, ageS: number, now: Date): boolean =>
  now.getTime() - Date.parse(madeAt) > ageS * 1000
