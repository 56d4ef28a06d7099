import { makeIp } from '#runtime/drivers/ip.ts'
import { inNamespaces } from '#runtime/drivers/namespaces.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { type RunResult, run } from '#runtime/drivers/process.ts'

/** A container of the engine, by its main process, at a bridge of the host. */
export interface AtBridge {
  readonly pid: number
  readonly address: string
  readonly card: string
}
type Bridge = Readonly<Record<'bridge' | 'gateway', string>>

const TURNS = 5
const host = (...argv: [string, ...string[]]) => run(argv, { timeoutMs: 10_000 })
const pings = async (ran: Promise<RunResult>) => (await ran).exitCode === 0

/** What somebody with every right in his own network can do to a neighbour; more than a container of the platform has. */
export function makeForger(own: AtBridge, victim: AtBridge, { bridge, gateway }: Bridge) {
  const inside = (...argv: readonly string[]) =>
    run(inNamespaces(own.pid, ['net'], argv), { timeoutMs: 10_000 })
  const ip = makeIp(inNamespaces(own.pid, ['net'], []))
  const nft = makeNft(inNamespaces(own.pid, ['net'], []))
  /** Nobody has told the host yet where the neighbour is: one whom it knows for ever would stay known. */
  const forget = async () => {
    await host('ip', 'neighbour', 'flush', 'to', victim.address, 'dev', bridge, 'nud', 'all')
  }
  return {
    /** Whether the host answers him. */
    isHeard: (as = own.address) => pings(inside('ping', '-c', '1', '-W', '1', '-I', as, gateway)),
    /** Whether it answers him with the neighbour's hardware address. */
    isHeardByCard: async () => {
      await ip.change('link', 'set', 'dev', 'eth0', 'address', victim.card)
      try {
        return await pings(inside('ping', '-c', '1', '-W', '1', gateway))
      } finally {
        await ip.change('link', 'set', 'dev', 'eth0', 'address', own.card)
      }
    },
    take: (address: string) => ip.change('address', 'add', `${address}/32`, 'dev', 'eth0'),
    /** Tells the host that he has the neighbour's address; whether it believes that. */
    isBelieved: async () => {
      await forget()
      await inside('arping', '-q', '-c', '2', '-w', '1', '-i', 'eth0', '-S', victim.address, gateway)
      const { stdout } = await host('ip', 'neighbour', 'show', victim.address, 'dev', bridge)
      await forget()
      return stdout.includes(own.card)
    },
    /** Frames for the neighbour that he hears, while the host speaks with that one and its bridge forgets each time who is where. */
    overhears: async () => {
      const counts = `ether daddr ${victim.card} counter name stray;`
      await nft.load(
        `table netdev t {\n counter stray { }\n chain i { type filter hook ingress device "eth0" priority 0; ${counts} }\n}\n`,
      )
      const known = [victim.address, 'dev', bridge, 'lladdr', victim.card, 'nud', 'permanent']
      await host('ip', 'neighbour', 'replace', ...known)
      for (let turn = 0; turn < TURNS; turn += 1) {
        await host('ip', 'link', 'set', 'dev', bridge, 'type', 'bridge', 'fdb_flush')
        await host('ping', '-c', '1', '-W', '1', victim.address)
      }
      const { stdout } = await inside('nft', 'list', 'counter', 'netdev', 't', 'stray')
      await nft.load('delete table netdev t\n')
      await forget()
      return Number(/packets (\d+)/.exec(stdout)?.[1])
    },
  }
}

/** Whether the host reaches somebody at a bridge. */
export const hostReaches = (address: string) => pings(host('ping', '-c', '1', '-W', '1', address))
