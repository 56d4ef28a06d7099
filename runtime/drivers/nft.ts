import { run } from './process.ts'

/** The kernel's packet filter, a whole table at a time. */
export interface Nft {
  /** The table's rules without counters, as the kernel has them; undefined when there is no such table. */
  list(table: string): Promise<string | undefined>
  /** Loads a script: all of it or nothing. */
  load(script: string): Promise<void>
  /** Gone already is fine. */
  remove(table: string): Promise<void>
}

const TIMEOUT_MS = 10_000
const ABSENT = 'No such file or directory'

/**
 * The packet filter of this network namespace, or of the one that the arguments `enter` lead into; tables are of the
 * family inet.
 */
export function makeNft(enter: readonly string[] = []): Nft {
  const nft = async (args: readonly string[], input?: string) => {
    const options = { timeoutMs: TIMEOUT_MS, env: { LC_ALL: 'C' }, ...(input === undefined ? {} : { input }) }
    const argv = [...enter, 'nft', ...args] as [string, ...string[]]
    const { exitCode, stdout, stderr } = await run(argv, options)
    if (exitCode === 0) return stdout
    // The program says in no other way that something is not there.
    if (stderr.includes(ABSENT)) return undefined
    throw new Error(`nft ${args[0]} failed: ${stderr.trim().slice(0, 500)}`)
  }
  return {
    list: (table) => nft(['--stateless', 'list', 'table', 'inet', table]),
    load: async (script) => {
      if ((await nft(['--file', '-'], script)) === undefined) throw new Error('nft could not load the rules')
    },
    remove: async (table) => {
      await nft(['delete', 'table', 'inet', table])
    },
  }
}
