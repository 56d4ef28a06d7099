import type { FilterChanges } from './filter-changes.ts'
import { run } from './process.ts'

/** Families of tables of the packet filter. */
export type TableFamily = 'inet' | 'bridge' | 'ip' | 'arp'

export interface Table {
  readonly family: TableFamily
  readonly name: string
}

/** What a table holds. */
export interface Looks {
  /** The table's rules and members without counters, as the kernel has them; undefined when there is no such table. */
  list(family: TableFamily, table: string): Promise<string | undefined>
  /** The same without members, for tables with sets that packets fill. */
  rules(family: TableFamily, table: string): Promise<string | undefined>
  /** Members of sets, as the filter shows them; nothing of one that is not there. */
  members(family: TableFamily, table: string, sets: readonly string[]): Promise<string>
}

/** The kernel's packet filter. */
export interface Nft extends Looks {
  /** Every table, whoever made it. */
  tables(): Promise<Table[]>
  /**
   * The same as last time, without asking the kernel, while nothing in it has changed. A change of the last moment can be
   * missing: for looks that come again.
   */
  readonly glance: Looks
  /** How many changes were told of, whoever made them; undefined while nobody listens. What is new can come a little later. */
  told(): Promise<number | undefined>
  /** The table's rules with their counters, without members. */
  counts(family: TableFamily, table: string): Promise<string>
  /** Packets that a table's named counters have seen; nothing of a table that is not there. */
  counters(family: TableFamily, table: string): Promise<ReadonlyMap<string, number>>
  /** Loads a script: all of it or nothing. */
  load(script: string): Promise<void>
  /** Gone already is fine. */
  remove(family: TableFamily, table: string): Promise<void>
}

const TIMEOUT_MS = 10_000
const ABSENT = 'No such file or directory'
const OTHER_ERROR = new RegExp(`Error: (?!${ABSENT})`)
/** Where it reads commands line by line, it keeps them in a file of its user. */
const NO_HISTORY = { HOME: '/dev/null' }
/** A set that is full: 65,536 members of at most 100 letters. */
const KEEP_BYTES = 16 * 1024 * 1024

/** The names of what a table has, as the kernel shows it or a script says it. */
export const declaredIn = (text: string, kind: 'chain' | 'set' | 'map'): string[] =>
  [...text.matchAll(new RegExp(`^\\s*${kind} (\\S+) \\{`, 'gm'))].map(([, name = '']) => name)

/** A look, and one that is made anew only when something has changed or nobody knows whether. */
function rememberLook<Where extends readonly unknown[], Seen>(
  look: (...where: Where) => Promise<Seen>,
  changes: FilterChanges | undefined,
) {
  const kept = new Map<string, { readonly mark: string; readonly seen: Seen }>()
  const looking =
    (isGlance: boolean) =>
    async (...where: Where): Promise<Seen> => {
      const mark = await changes?.mark()
      if (mark === undefined) return await look(...where)
      const known = kept.get(where.join(' '))
      if (isGlance && known?.mark === mark) return known.seen
      const seen = await look(...where)
      kept.set(where.join(' '), { mark, seen })
      return seen
    }
  return { look: looking(false), glance: looking(true) }
}

function rememberLooks(looks: Looks, changes: FilterChanges | undefined): Looks & { readonly glance: Looks } {
  const list = rememberLook(looks.list, changes)
  const rules = rememberLook(looks.rules, changes)
  const members = rememberLook(looks.members, changes)
  return {
    ...{ list: list.look, rules: rules.look, members: members.look },
    glance: { list: list.glance, rules: rules.glance, members: members.glance },
  }
}

/** The packet filter of this network namespace, or of the one that the arguments `enter` lead into. */
export function makeNft(enter: readonly string[] = [], changes?: FilterChanges): Nft {
  const common = { timeoutMs: TIMEOUT_MS, env: { LC_ALL: 'C' }, keepBytes: KEEP_BYTES, outputAtEnd: true }
  const programOf = (...args: readonly string[]) => [...enter, 'nft', ...args] as [string, ...string[]]
  const nft = async (args: readonly string[], input?: string) => {
    const options = { ...common, ...(input === undefined ? {} : { input }) }
    const { exitCode, stdout, stderr } = await run(programOf(...args), options)
    if (exitCode === 0) return stdout
    // The program says in no other way that something is not there.
    if (stderr.includes(ABSENT)) return undefined
    throw new Error(`nft ${args[0]} failed: ${stderr.trim().slice(0, 500)}`)
  }
  const table = async (...args: readonly string[]) => {
    const shown = await nft(args)
    // The program does not say so when what it prints has no room.
    if (shown?.endsWith('}\n') === false) throw new Error('nft list table failed: it ended half-way')
    return shown
  }
  const looks: Looks = {
    list: (family, name) => table('--stateless', 'list', 'table', family, name),
    rules: (family, name) => table('--stateless', '--terse', 'list', 'table', family, name),
    // One after the other, by one program: version 1.0.6 finds only the last set of several that one command asks for.
    members: async (family, table, sets) => {
      const asked = sets.map((set) => `list set ${family} ${table} ${set}\n`).join('')
      const options = { ...common, env: { ...common.env, ...NO_HISTORY }, input: asked }
      const { exitCode, stdout, stderr } = await run(programOf('--interactive'), options)
      if (exitCode === 0 && !OTHER_ERROR.test(stderr)) return stdout
      throw new Error(`nft list set failed: ${stderr.trim().slice(0, 500)}`)
    },
  }
  const change = async (args: readonly string[], input?: string) => {
    try {
      return await nft(args, input)
    } finally {
      changes?.note()
    }
  }
  return {
    ...rememberLooks(looks, changes),
    told: async () => await changes?.told(),
    tables: async () => {
      const shown = (await nft(['list', 'tables'])) ?? ''
      const found = shown.matchAll(/^table (\S+) (\S+)$/gm)
      return Array.from(found, ([, family, name = '']) => ({ family: family as TableFamily, name }))
    },
    counts: async (family, table) => (await nft(['--terse', 'list', 'table', family, table])) ?? '',
    counters: async (family, table) => {
      const shown = (await nft(['list', 'counters', 'table', family, table])) ?? ''
      const found = shown.matchAll(/counter (\S+) \{\s+packets (\d+) /g)
      return new Map([...found].map(([, name = '', packets]) => [name, Number(packets)]))
    },
    load: async (script) => {
      if ((await change(['--file', '-'], script)) === undefined)
        throw new Error('nft could not load the rules')
    },
    remove: async (family, table) => {
      await change(['delete', 'table', family, table])
    },
  }
}
