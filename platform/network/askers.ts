import { createHash } from 'node:crypto'
import type { Installation } from '#contract/installation.ts'
import { type NetworkRule, parseEnd } from '#contract/network.ts'
import type { NetworkFacts } from './layout.ts'

/** Who asks the resolver, as rules name them, and for what he may ask. */
export interface Asker {
  readonly who: string
  readonly mark: number
  /** Sorted; what everybody may ask for is with everybody. */
  readonly names: readonly string[]
  /** Who may reach every public address may ask for every name. */
  readonly any: boolean
}

/** What every instance may ask for. */
export const EVERYBODY = 'apps'

/** Each mark is as long as this, the bits above are zero, and the highest one says that it is one. */
export const MARK_BITS = 25
export const MARK_FLAG = 2 ** 31

/**
 * The mark of an asker. It stays the same whatever his rules are, so that no question goes astray while they change; nobody outside
 * can choose a name for an app that gives it the mark of another.
 */
export function markOf({ id }: Pick<Installation, 'id'>, who: string): number {
  const hash = createHash('sha256').update(`${id} ${who}`).digest()
  return MARK_FLAG + (hash.readUInt32BE(0) >>> (32 - MARK_BITS))
}

/** Names under `.local` belong to whoever is on a link: no name server is asked for them. */
export const canBeAsked = (name: string) => !name.endsWith('.local')

type Rule = Pick<NetworkRule, 'from' | 'to'>

/** Everybody whom rules allow names, and what all may ask for. */
export function planAskers(rules: readonly Rule[], installation: Pick<Installation, 'id'>): Asker[] {
  const speaking = rules.filter((rule) => isFrom(rule) && (nameOf(rule) !== undefined || leadsAnywhere(rule)))
  const all = [...new Set([EVERYBODY, ...speaking.map(({ from }) => from)])].sort()
  return all.map((who) => {
    const groups = groupsOf(who)
    const own = speaking.filter(({ from }) => groups.includes(from))
    const names = own.flatMap((rule) => nameOf(rule) ?? [])
    return {
      who,
      mark: markOf(installation, who),
      names: [...new Set(names)].sort(),
      any: own.some(leadsAnywhere),
    }
  })
}

/** Instances that may ask for more than everybody, by their addresses. */
export function markedAddresses(rules: readonly Rule[], facts: NetworkFacts): ReadonlyMap<string, number> {
  const marks = new Map(planAskers(rules, facts.installation).map(({ who, mark }) => [who, mark]))
  return new Map(
    facts.apps.flatMap(({ address, app, process }) => {
      const mark = marks.get(`app:${app}/${process}`) ?? marks.get(`app:${app}`)
      return mark === undefined ? [] : [[address, mark] as const]
    }),
  )
}

const isFrom = ({ from }: Rule) => from === EVERYBODY || parseEnd(from)?.kind === 'app'

function nameOf({ to }: Rule): string | undefined {
  const end = parseEnd(to)
  return end?.kind === 'name' && canBeAsked(end.name) ? end.name : undefined
}

const leadsAnywhere = ({ to }: Rule) => to === 'internet' || /^[\d.]+\/0$/.test(to)

/** A process of an app has what its app has. What all have, they have by being there. */
function groupsOf(who: string): string[] {
  const end = parseEnd(who)
  return end?.kind === 'app' ? [`app:${end.app}`, who] : [EVERYBODY]
}
