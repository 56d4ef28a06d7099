import type { FilterChanges } from './filter-changes.ts'
import { makeNftProgram, type NftProgram } from './nft-program.ts'
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

const ABSENT = 'No such file or directory'
const OTHER_ERROR = new RegExp(`(Error: (?!.*${ABSENT})|BUG: )`)
/** It warns, too, of what it does. */
const REFUSED = /(Error|BUG): /
/** Of a set that is full: 65,536 members of at most 100 letters. */
const KEEP_BYTES = 16 * 1024 * 1024
const LISTING = { timeoutMs: 10_000, env: { LC_ALL: 'C' }, keepBytes: KEEP_BYTES, outputAtEnd: true }

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
export const makeNft = (enter: readonly string[] = [], changes?: FilterChanges): Nft =>
  makeNftBy(makeNftProgram(enter), changes)

/** The packet filter of the network in which the program works. */
export function makeNftBy(program: NftProgram, changes?: FilterChanges): Nft {
  const ask = askerOf(program)
  const changed = () => changes?.note()
  const { counts, ...looks } = looksOf(program, ask)
  return {
    ...rememberLooks(looks, changes),
    counts,
    told: async () => await changes?.told(),
    tables: async () => {
      const found = (await ask('list tables\n')).matchAll(/^table (\S+) (\S+)$/gm)
      return Array.from(found, ([, family, name = '']) => ({ family: family as TableFamily, name }))
    },
    counters: async (family, table) => {
      const found = (await ask(`list counters table ${family} ${table}\n`)).matchAll(
        /counter (\S+) \{\s+packets (\d+) /g,
      )
      return new Map([...found].map(([, name = '', packets]) => [name, Number(packets)]))
    },
    load: async (script) => {
      const { stderr } = await program.load(script).finally(changed)
      if (REFUSED.test(stderr)) throw new RefusedScript(failure('load', stderr))
    },
    remove: async (family, table) => {
      await ask(`delete table ${family} ${table}\n`).finally(changed)
    },
  }
}

/** Asks for what may not be there: then it gives nothing of it. */
const askerOf = (program: NftProgram) => async (commands: string) => {
  const { stdout, stderr } = await program.ask(commands)
  if (OTHER_ERROR.test(stderr)) throw new Error(failure(commands, stderr))
  // The program does not say so when what it prints has no room.
  if (stdout !== '' && !stdout.endsWith('\n')) throw new Error('nft failed: what it printed ended half-way')
  return stdout
}

/** The filter has refused a script, of which nothing is in force. */
export class RefusedScript extends Error {}

const failure = (what: string, why: string) =>
  `nft ${what.split('\n', 1)[0]} failed: ${why.trim().slice(0, 500)}`

/** Looks for which the program has to be told how, with its start. */
function looksOf(
  program: NftProgram,
  ask: (commands: string) => Promise<string>,
): Looks & Pick<Nft, 'counts'> {
  const listing =
    (...how: readonly string[]) =>
    async (family: TableFamily, table: string) => {
      const [file = 'nft', ...args] = [...program.enter, 'nft', ...how, 'list', 'table', family, table]
      const { exitCode, stdout, stderr } = await run([file, ...args], LISTING)
      // The program says in no other way that something is not there.
      if (exitCode !== 0 && stderr.includes(ABSENT)) return undefined
      if (exitCode !== 0) throw new Error(failure('list table', stderr))
      // Nor when what it prints has no room.
      if (!stdout.endsWith('}\n')) throw new Error('nft list table failed: it ended half-way')
      return stdout
    }
  const counts = listing('--terse')
  return {
    list: listing('--stateless'),
    rules: listing('--stateless', '--terse'),
    counts: async (family, table) => (await counts(family, table)) ?? '',
    // One after the other: version 1.0.6 finds only the last set of several that one command asks for.
    members: (family, table, sets) => ask(sets.map((set) => `list set ${family} ${table} ${set}\n`).join('')),
  }
}
