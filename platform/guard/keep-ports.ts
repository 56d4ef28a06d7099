import type { Looks, Nft } from '#runtime/drivers/nft.ts'
import { lookAgain, type Shown, shownAfter } from '#runtime/drivers/shown.ts'
import { makeInTurn } from '#runtime/kit/in-turn.ts'
import { portTableOf } from './names.ts'
import type { Place } from './render-host.ts'
import { type BoundPort, COMING_S, renderComing, renderPorts, withoutComing } from './render-ports.ts'

/** Keeps the bindings of instances' ports as they should be. */
export interface PortGuard {
  /** Makes the table anew when a hand has changed it, its members among it. Tells whether it had to. */
  ensure(): Promise<boolean>
  /** Binds these ports, and no others. Tells whether that had to change. */
  bind(ports: readonly BoundPort[]): Promise<boolean>
  /** Lets whoever gets an address speak as that until its port is bound: before it starts. */
  expect(address: string): Promise<void>
}

/** The kernel shows rules in its own words: what it showed after loading is what it must show later (`Shown`). One change at a time. */
export function makePortGuard(
  nft: Pick<Nft, 'list' | 'load' | 'glance' | 'told'>,
  installation: Place,
  clock: () => number = Date.now,
): PortGuard {
  const table = portTableOf(installation)
  const coming = makeComing(installation, clock)
  let wanted = ''
  let shown: Shown | undefined
  /** A hand's change was undone as ports were bound; the next look tells it. */
  let isUntold = false
  const inTurn = makeInTurn()
  const look = async (by: Pick<Looks, 'list'> = nft) => withoutComing(await by.list('bridge', table))
  /** Loads the bindings over what was seen; `same`: they are seen as they should be, and not yet surely so. */
  const bring = async (script: string, load: string, told: number | undefined, same?: Shown) => {
    await nft.load(load)
    wanted = script
    shown = shownAfter(same, await look(), told)
    return shown.isSure
  }
  /** Whatever a hand has put in goes with the table; nothing in it is worth keeping. */
  const anew = (script: string) =>
    `table bridge ${table}\ndelete table bridge ${table}\n${script}${coming.render()}`
  return {
    ensure: () =>
      inTurn(async () => {
        const wasUntold = isUntold
        isUntold = false
        if (wanted === '') return false
        const { told, same } = await lookAgain(nft, shown, () => look(nft.glance))
        if (!same?.isSure) return !(await bring(wanted, anew(wanted), told, same)) || wasUntold
        shown = same
        return wasUntold
      }),
    bind: (bound) =>
      inTurn(async () => {
        const script = renderPorts(installation, bound)
        if (script === wanted) return false
        // What is there after this counts as what should be: a hand's change goes first.
        const told = await nft.told()
        const isAsLeft = wanted !== '' && (await look()) === shown?.text
        isUntold ||= wanted !== '' && !isAsLeft
        await bring(script, isAsLeft ? script : anew(script), told)
        return true
      }),
    expect: (address) => inTurn(() => nft.load(coming.add(address))),
  }
}

/** Who is about to start, with the time that is left. */
function makeComing(installation: Place, clock: () => number) {
  const coming = new Map<string, number>()
  return {
    /** Tells the kernel of one. */
    add: (address: string) => {
      coming.set(address, clock() + COMING_S * 1000)
      return renderComing(installation, address)
    },
    /** Tells the kernel of all, of whom it knows nothing. */
    render: () => {
      for (const [address, until] of coming) if (until - clock() < 1000) coming.delete(address)
      return [...coming]
        .map(([address, until]) => renderComing(installation, address, Math.floor((until - clock()) / 1000)))
        .join('')
    },
  }
}
