import { declaredIn, type Nft, RefusedScript, type TableFamily } from './nft.ts'
import { lookAgain, type Shown, shownAfter } from './shown.ts'

/** What had to be done: nothing, something new, or what somebody had changed by hand. */
export type Kept = 'nothing' | 'loaded' | 'mended'

/** A table of the packet filter that is as a script says; what packets or others put into its sets is none of its business. */
export interface KeptTable {
  /** Loads the script where the kernel shows something else than after it was loaded; undefined: there is no such table. */
  keep(script: string | undefined): Promise<Kept>
}

export type KeptBy = Pick<Nft, 'glance' | 'load' | 'remove' | 'rules' | 'told'>

/** The script has to replace what is in the table, so that it can be loaded again at any time. */
export function makeKeptTable(nft: KeptBy, family: TableFamily, table: string): KeptTable {
  let kept: { readonly script: string; readonly shown: Shown } | 'removed' | undefined
  return {
    keep: async (script) => {
      if (script === undefined) {
        if (kept === 'removed') return 'nothing'
        await nft.remove(family, table)
        kept = 'removed'
        return 'loaded'
      }
      const last = kept === 'removed' ? undefined : kept
      const before = last?.script === script ? last.shown : undefined
      const { told, text, same } = await lookAgain(nft, before, () => nft.glance.rules(family, table))
      if (same?.isSure) {
        kept = { script, shown: same }
        return 'nothing'
      }
      await loadOver(nft, { family, table }, script, text)
      const shown = shownAfter(same, await nft.rules(family, table), told)
      kept = { script, shown }
      if (before === undefined) return 'loaded'
      return shown.isSure ? 'nothing' : 'mended'
    },
  }
}

/** A newer program can want other sets than the kernel has: only then the table is made anew. The agent remembers. */
async function loadOver(
  nft: KeptBy,
  { family, table }: { readonly family: TableFamily; readonly table: string },
  script: string,
  shown: string | undefined,
): Promise<void> {
  const at = `${family} ${table}`
  try {
    await nft.load(`${script}${withoutStrangers(at, script, shown)}`)
  } catch (error) {
    if (shown === undefined || !(error instanceof RefusedScript)) throw error
    await nft.load(`delete table ${at}\n${script}`)
  }
}

/** Takes away chains that a hand has put into the table. */
function withoutStrangers(at: string, script: string, shown = ''): string {
  const own = new Set(declaredIn(script, 'chain'))
  const strangers = declaredIn(shown, 'chain').filter((name) => !own.has(name))
  return ['flush', 'delete']
    .flatMap((verb) => strangers.map((name) => `${verb} chain ${at} ${name}\n`))
    .join('')
}
