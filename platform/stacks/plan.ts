import type { BuildRecipe } from '#contract/agent.ts'
import type { HostStacks } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import type { AppStack, Stack } from '#contract/stacks.ts'
import type { AllStacks, Told } from './host-stacks.ts'

/** A release that serves, and what it stands on. */
export interface Standing {
  readonly appId: string
  readonly app: AppStack['app']
  readonly release: number
  readonly recipe: BuildRecipe
  /** Image id of the platform's stack; null: the app's image brings its own. */
  readonly stack: string | null
  readonly builtOn: HostName
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

/** The newest stacks as people see them, each with its hosts; those that no app has asked for yet are left out. */
export function viewStacks({ hosts }: Pick<AllStacks, 'hosts'>): Stack[] {
  const all = [...hosts].flatMap(([host, { newest }]) => newest.map((one) => ({ host, ...one })))
  const made = all.filter(({ image }) => image !== null)
  return [...Map.groupBy(made, ({ image }) => image).values()]
    .flatMap((same) => same.slice(0, 1).map((one) => ({ ...one, hosts: same.map(({ host }) => host) })))
    .sort((one, other) => one.nodeMajor - other.nodeMajor)
    .map(({ nodeMajor, image, madeAt, hosts }) => ({ name: nameOf(nodeMajor, image), image, madeAt, hosts }))
}

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

/** Whether there is a newer stack that a release can be put on, where its code is. */
export const canMove = (release: Pick<Standing, 'recipe' | 'stack'>, told: Told): boolean =>
  isStacks(told) && isBehind(release, told) && newestFor(release.recipe, told) !== undefined

/** Whether the host has said anything. */
export const isStacks = (told: Told): told is HostStacks => typeof told !== 'string'

/** What each app stands on. */
export const judgeStandings = (apps: readonly Standing[], stacks: Pick<AllStacks, 'of'>): AppStack[] =>
  apps.map((one) => {
    const told = stacks.of(one.builtOn)
    const about = { app: one.app, release: one.release, builtOn: one.builtOn }
    if (one.stack === null) return { ...about, ...NO_STACK, state: 'own', detail: OWN }
    if (isStacks(told)) return { ...about, ...standingIn(one, one.stack, told) }
    const name = one.recipe.kind === 'node' ? nameOf(one.recipe.nodeMajor, one.stack) : null
    const detail = `${one.builtOn}, where it was built, ${told === 'gone' ? LOST : 'does not answer'}`
    return { ...about, ...NO_STACK, stack: name, state: told === 'gone' ? 'behind' : 'unknown', detail }
  })

const NO_STACK = { stack: null, madeAt: null, newest: null }
const LOST = 'is gone, and no other host has its image: `maru deploy` builds it anew'

function standingIn(one: Standing, stack: string, stacks: HostStacks) {
  const newest = newestFor(one.recipe, stacks)
  const usual = stacks.newest.find((each) => each.usual)
  const major = newest?.nodeMajor ?? (one.recipe.kind === 'node' ? one.recipe.nodeMajor : usual?.nodeMajor)
  return {
    stack: nameOf(major ?? 0, stack),
    madeAt: stacks.known.find(({ image }) => image === stack)?.madeAt ?? null,
    newest: newest === undefined ? null : nameOf(newest.nodeMajor, newest.image),
    state: isBehind(one, stacks) ? ('behind' as const) : ('newest' as const),
    detail: newest === undefined ? GONE : '',
  }
}

/** The apps that a roll moves, by name. */
export const planRoll = (apps: readonly Standing[], stacks: Pick<AllStacks, 'of'>): RollApp[] =>
  apps
    .filter((one) => canMove(one, stacks.of(one.builtOn)))
    .map(({ appId, app, release }) => ({ appId, app, release }))
    .sort((a, b) => (a.app < b.app ? -1 : 1))

/** A roll in words, one app a line. */
export const renderRoll = (apps: readonly RollApp[]): string =>
  apps.map(({ app, release }, at) => `${at + 1}. Put ${app} v${release} on the newest stack`).join('\n')

/** Whether a stack has been there for longer than the set age, so that nothing may stand on an older one any more. */
export const isOverdue = (madeAt: string, ageS: number, now: Date): boolean =>
  now.getTime() - Date.parse(madeAt) > ageS * 1000
