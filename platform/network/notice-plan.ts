import { isActive, type NetworkRule, parseEnd } from '#contract/network.ts'
import { NOTICE_LIMITS, type RuleNotice } from '#contract/network-notices.ts'
import { relationOf } from './overlap.ts'

const DAY_MS = 86_400_000

/** A rule with what has happened to it so far. */
export interface RuleLife {
  readonly rule: NetworkRule
  readonly createdAt: Date
  /** The last day on which a host saw it used, or the one from which on that is looked for. */
  readonly usedOn: Date
  /** How often its owner was warned. */
  readonly warned: number
  readonly proposedAt: Date | null
}

/** How often its owner should have been warned by now that a rule ends: 7 days and 1 day before, or once in a short life. */
export function warningsDue({ rule, createdAt }: Pick<RuleLife, 'rule' | 'createdAt'>, now: Date): number {
  if (rule.until === null || !isActive(rule, now)) return 0
  const end = Date.parse(rule.until)
  const left = end - now.getTime()
  const life = end - createdAt.getTime()
  if (life < NOTICE_LIMITS.shortLifeDays * DAY_MS) return left <= life / 10 ? 1 : 0
  if (left <= NOTICE_LIMITS.endsAtOnceDays * DAY_MS) return 2
  return left <= NOTICE_LIMITS.endsSoonDays * DAY_MS ? 1 : 0
}

/**
 * Whether nobody uses it. What leads from a network to a host is not judged: unless the hosts are locked down, it says what
 * is allowed anyway.
 */
export function isUnused({ rule, usedOn }: Pick<RuleLife, 'rule' | 'usedOn'>, now: Date): boolean {
  const leadsIn = parseEnd(rule.from)?.kind === 'network'
  return (
    !leadsIn && isActive(rule, now) && now.getTime() - usedOn.getTime() > NOTICE_LIMITS.unusedDays * DAY_MS
  )
}

/** Whom people keep out. */
export interface Kept {
  readonly source: string
}

/** Everything that people should know of these rules. `builtIn`: what is allowed without them. */
export function noticesOf(
  lives: readonly RuleLife[],
  builtIn: readonly NetworkRule[],
  blocks: readonly Kept[],
  now: Date,
): RuleNotice[] {
  const standing = lives.filter(({ rule }) => isActive(rule, now))
  const rules = [...builtIn, ...standing.map(({ rule }) => rule)]
  return standing.flatMap((life) => [
    ...endOf(life, now),
    ...(isUnused(life, now) ? [unused(life)] : []),
    ...besides(life, rules),
    ...blockedOf(life, blocks),
  ])
}

function endOf(life: RuleLife, now: Date): RuleNotice[] {
  if (warningsDue(life, now) === 0) return []
  const { id, until } = life.rule
  const text = `${id} ends ${left(Date.parse(until ?? '') - now.getTime())}. If it is still needed, take it back and allow it anew with a later end.`
  return [{ rule: id, kind: 'ends', text }]
}

const left = (ms: number) =>
  ms >= 2 * DAY_MS
    ? `in ${Math.floor(ms / DAY_MS)} days`
    : ms >= 2 * 3_600_000
      ? `in ${Math.floor(ms / 3_600_000)} hours`
      : `in ${Math.max(1, Math.floor(ms / 60_000))} minutes`

const unused = ({ rule: { id }, usedOn }: RuleLife): RuleNotice => ({
  rule: id,
  kind: 'unused',
  text: `No host has seen traffic by ${id} since ${usedOn.toISOString().slice(0, 10)}. If nobody needs it: maru network deny ${id}`,
})

function besides({ rule }: RuleLife, rules: readonly NetworkRule[]): RuleNotice[] {
  const others = rules
    .filter(({ id }) => id !== rule.id)
    .map((other) => ({ other, is: relationOf(rule, other) }))
  const within = others.filter(({ is }) => is === 'within').map(({ other }) => other)
  const outlasting = within.find(({ until }) => rule.until !== null && (until === null || until > rule.until))
  const longer = within.find(({ until }) => until === null || (rule.until !== null && until >= rule.until))
  const [partly] = others.filter(({ is }) => is !== 'apart')
  const { id } = rule
  if (outlasting !== undefined)
    return [
      {
        rule: id,
        kind: 'contradicts',
        text: `The end of ${id} ends nothing: ${outlasting.id} goes on allowing all that it allows.`,
      },
    ]
  if (longer !== undefined)
    return [
      {
        rule: id,
        kind: 'needless',
        text: `${longer.id} allows all that ${id} allows. Taking ${id} back would change nothing.`,
      },
    ]
  if (partly !== undefined)
    return [
      {
        rule: id,
        kind: 'overlaps',
        text: `${partly.other.id} allows a part of what ${id} allows: taking one back leaves that part open.`,
      },
    ]
  return []
}

function blockedOf({ rule }: RuleLife, blocks: readonly Kept[]): RuleNotice[] {
  const block = blocks.find(({ source }) => relationOf({ ...rule, from: source }, rule) !== 'apart')
  if (block === undefined) return []
  const text = `${block.source} is blocked, so ${rule.id} does not let it in: maru network blocks lift ${block.source}`
  return [{ rule: rule.id, kind: 'contradicts', text }]
}
