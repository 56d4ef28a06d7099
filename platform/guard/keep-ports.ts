import type { Looks, Nft } from '#runtime/drivers/nft.ts'
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

/** The kernel shows rules in its own words: what it showed after loading is what it must show later. One change at a time. */
export function makePortGuard(
  nft: Pick<Nft, 'list' | 'load' | 'glance'>,
  installation: Place,
  clock: () => number = Date.now,
): PortGuard {
  const table = portTableOf(installation)
  const coming = new Map<string, number>()
  let wanted = ''
  let shown: string | undefined
  const inTurn = makeInTurn()
  const look = async (by: Pick<Looks, 'list'> = nft) => withoutComing(await by.list('bridge', table))
  const bring = async (script: string, first = '', last = '') => {
    await nft.load(`${first}${script}${last}`)
    wanted = script
    shown = await look()
  }
  /** Who is about to start, with the time that is left. */
  const stillComing = () => {
    for (const [address, until] of coming) if (until - clock() < 1000) coming.delete(address)
    return [...coming].map(([address, until]) =>
      renderComing(installation, address, Math.floor((until - clock()) / 1000)),
    )
  }
  const anew = (script: string) =>
    bring(script, `table bridge ${table}\ndelete table bridge ${table}\n`, stillComing().join(''))
  return {
    ensure: () =>
      inTurn(async () => {
        if (wanted === '' || (await look(nft.glance)) === shown) return false
        // Whatever a hand has put in goes with the table; nothing in it is worth keeping.
        await anew(wanted)
        return true
      }),
    bind: (bound) =>
      inTurn(async () => {
        const script = renderPorts(installation, bound)
        if (script === wanted) return false
        // What is there after this counts as what should be: a hand's change goes first.
        const drifted = wanted === '' || (await look()) !== shown
        await (drifted ? anew(script) : bring(script))
        return true
      }),
    expect: (address) =>
      inTurn(async () => {
        coming.set(address, clock() + COMING_S * 1000)
        await nft.load(renderComing(installation, address))
      }),
  }
}
