/** A tree of settings, as Patroni keeps them for the whole cluster. */
export interface Settings {
  readonly [name: string]: Setting
}
export type Setting = string | number | boolean | null | Settings

const isTree = (value: Setting | undefined): value is Settings => typeof value === 'object' && value !== null

/**
 * What has to be sent to Patroni so that it keeps `wanted`: undefined when it does already. What is wanted nowhere
 * stays, because Patroni keeps state of its own there (a pause), except for the server's parameters: those are ours.
 */
export function settingsPatch(have: Settings, wanted: Settings, path = ''): Settings | undefined {
  const changed = Object.entries(wanted).flatMap(([name, value]): Array<[string, Setting]> => {
    const now = have[name]
    if (!isTree(value)) return now === value ? [] : [[name, value]]
    const inner = settingsPatch(isTree(now) ? now : {}, value, `${path}/${name}`)
    return inner === undefined ? [] : [[name, inner]]
  })
  const surplus = path.endsWith('/parameters') ? Object.keys(have).filter((name) => !(name in wanted)) : []
  const entries: Array<[string, Setting]> = [
    ...changed,
    ...surplus.map((name): [string, null] => [name, null]),
  ]
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

export interface MemberState {
  readonly name: string
  readonly role: string
  readonly state: string
}

export const hasLeader = (members: readonly MemberState[]) =>
  members.some(({ role, state }) => role === 'leader' && state === 'running')

/** Whether the others can carry on without this member and lose nothing that was acknowledged. */
export function canSpare(members: readonly MemberState[], name: string): boolean {
  const leads = members.some((member) => member.name === name && member.role === 'leader')
  const others = members.filter((member) => member.name !== name)
  return leads
    ? others.some(({ role, state }) => role === 'sync_standby' && state === 'streaming')
    : hasLeader(others)
}

/** What has to happen before a member can end without a failover. */
export type SpareStep =
  | { readonly do: 'end' | 'wait' }
  /** Another member takes the lead first, while both are well. */
  | { readonly do: 'hand over'; readonly to: string }

/** How a member is spared: one that leads hands over to the one that has everything; nobody is left alone. */
export function planSpare(members: readonly MemberState[], name: string): SpareStep {
  if (!canSpare(members, name)) return { do: 'wait' }
  const leads = members.some((member) => member.name === name && member.role === 'leader')
  const partner = members.find((member) => member.name !== name && member.role === 'sync_standby')
  return leads && partner !== undefined ? { do: 'hand over', to: partner.name } : { do: 'end' }
}

/** The leader after all others: its end moves the writes to another member, and that should happen once only. */
export function leaderLast<T>(
  items: readonly T[],
  memberOf: (item: T) => string,
  members: readonly MemberState[],
): T[] {
  const isMember = (item: T) => memberOf(item).startsWith('postgres-')
  const leads = (item: T) => members.some(({ name, role }) => name === memberOf(item) && role === 'leader')
  const sorted = items.filter(isMember).sort((a, b) => Number(leads(a)) - Number(leads(b)))
  return items.map((item) => (isMember(item) ? (sorted.shift() ?? item) : item))
}
