import { RESERVED_CONFIG } from '#contract/apps.ts'
import { ConfigName } from '#contract/ids.ts'

/** Changes that are not saved yet: name → new value, or null to remove it. */
export type ConfigDraft = Readonly<Record<string, string | null>>

/** One line of the form. */
export interface ConfigRow {
  readonly name: string
  /** What the field shows; undefined while the value is hidden and not changed. */
  readonly value: string | undefined
  readonly change: 'none' | 'new' | 'changed' | 'removed'
}

/** The stored names with the draft on top, in the order of the alphabet; `values` where they are shown. */
export function rowsOf(
  names: readonly string[],
  draft: ConfigDraft,
  values: Readonly<Record<string, string>> | undefined,
): ConfigRow[] {
  const all = [...new Set([...names, ...Object.keys(draft)])].sort()
  return all.map((name) => {
    const changed = draft[name]
    if (changed === undefined) return { name, value: values?.[name], change: 'none' }
    if (changed === null) return { name, value: values?.[name], change: 'removed' }
    return { name, value: changed, change: names.includes(name) ? 'changed' : 'new' }
  })
}

/** The draft without what was decided about a name. */
export function withoutChange(draft: ConfigDraft, name: string): ConfigDraft {
  return Object.fromEntries(Object.entries(draft).filter(([key]) => key !== name))
}

/** Why a name can't be used for a new value; undefined when it can. */
export function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (taken.includes(name)) return 'There is a value with this name already; change it above.'
  if (RESERVED_CONFIG.includes(name)) return `${name} is set by the platform.`
  const parsed = ConfigName.safeParse(name)
  return parsed.success ? undefined : `The name ${parsed.error.issues[0]?.message ?? 'is not valid'}.`
}
