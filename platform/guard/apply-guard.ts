import type { Installation } from '#contract/installation.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { KERNEL_SETS, type Settled, SIGN_IN_SET } from './ledger.ts'
import { type Member, parseMembers } from './members.ts'
import { guardTableOf, portTableOf } from './names.ts'
import { type Place, renderGuard } from './render-host.ts'
import { type Given, renderGiven } from './render-members.ts'
import { type BoundPort, renderComing, renderPorts } from './render-ports.ts'

/** Keeps an installation's tables against attacks as they should be. */
export interface HostGuard {
  /** Loads rules that are missing or were changed by hand. Tells what it had to do. */
  ensure(): Promise<'nothing' | 'loaded' | 'mended'>
  /** Fills the sets that packets do not fill; does nothing when they are so already. */
  give(given: Given, now: number): Promise<void>
  /** Who is held now. */
  members(): Promise<Member[]>
  /** Tells the kernel whom to hold and whom to let go. */
  change(changes: Settled['changes']): Promise<void>
  /** Binds these ports, and no others. Tells whether that had to change. */
  bind(ports: readonly BoundPort[]): Promise<boolean>
  /** Lets whoever gets an address speak as that until its port is bound: before it starts. */
  expect(address: string): Promise<void>
}

/** The kernel shows rules in its own words: what it showed after loading is what it must show later. */
export function makeHostGuard(nft: Nft, installation: Place): HostGuard {
  const table = guardTableOf(installation)
  const rules = renderGuard(installation)
  const ports = makePortGuard(nft, installation)
  let loaded: string | undefined
  let lastGiven = ''
  return {
    ensure: async () => {
      const mended = await ports.ensure()
      if (loaded !== undefined && (await nft.rules('inet', table)) === loaded)
        return mended ? 'mended' : 'nothing'
      await loadOver(nft, table, rules)
      lastGiven = ''
      const did = loaded === undefined ? 'loaded' : 'mended'
      loaded = await nft.rules('inet', table)
      return did
    },
    give: async (given, now) => {
      const script = renderGiven(installation, given, now)
      const same = script.replaceAll(/ timeout \d+s/g, '')
      if (same === lastGiven) return
      await nft.load(script)
      lastGiven = same
    },
    members: async () => parseMembers(await nft.members('inet', table, KERNEL_SETS)),
    change: async (changes) => {
      const own = changes.filter(({ set }) => set !== SIGN_IN_SET)
      if (own.length > 0) await nft.load(own.map((one) => renderChange(table, one)).join(''))
    },
    bind: ports.bind,
    expect: (address) => nft.load(renderComing(installation, address)),
  }
}

/** A newer program can want other sets than the kernel has: only then the table is made anew. The agent remembers. */
async function loadOver(nft: Nft, table: string, rules: string): Promise<void> {
  try {
    await nft.load(rules)
  } catch (error) {
    if ((await nft.rules('inet', table)) === undefined) throw error
    await nft.load(`delete table inet ${table}\n${rules}`)
  }
}

/** A member's time is changed by making it anew; what is to be taken away may have gone meanwhile. */
function renderChange(table: string, { set, address, leftS }: Settled['changes'][number]): string {
  const where = `inet ${table} ${set}`
  const gone = `add element ${where} { ${address} }\ndelete element ${where} { ${address} }\n`
  return leftS === 0 ? gone : `${gone}add element ${where} { ${address} timeout ${leftS}s }\n`
}

function makePortGuard(nft: Nft, installation: Place) {
  const table = portTableOf(installation)
  let wanted = ''
  let shown: string | undefined
  const load = async (script: string) => {
    await nft.load(script)
    wanted = script
    shown = await nft.rules('bridge', table)
  }
  return {
    ensure: async () => {
      if (wanted === '' || (await nft.rules('bridge', table)) === shown) return false
      await load(wanted)
      return true
    },
    bind: async (bound: readonly BoundPort[]) => {
      const script = renderPorts(installation, bound)
      if (script === wanted) return false
      await load(script)
      return true
    },
  }
}

/** Removes an installation's tables. */
export async function removeHostGuard(nft: Nft, installation: Pick<Installation, 'id'>): Promise<void> {
  await nft.remove('inet', guardTableOf(installation))
  await nft.remove('bridge', portTableOf(installation))
}
