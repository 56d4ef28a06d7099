import { PacketCounts } from '#contract/guard.ts'
import type { Installation } from '#contract/installation.ts'
import { guardTableOf } from '#platform/guard/host.ts'
import { tableOf } from '#platform/network/compile.ts'
import type { Nft } from '#runtime/drivers/nft.ts'

/** Reads what the kernel has counted since an installation's tables exist; a counter that is not there is at nought. */
export const packetCounter =
  (nft: Pick<Nft, 'counters'>, installation: Pick<Installation, 'id'>) => async (): Promise<PacketCounts> => {
    const tables = [tableOf(installation), guardTableOf(installation)]
    const found = await Promise.all(tables.map((table) => nft.counters('inet', table)))
    const packets = new Map(found.flatMap((counters) => [...counters]))
    const names = Object.keys(PacketCounts.shape)
    return PacketCounts.parse(Object.fromEntries(names.map((name) => [name, packets.get(name) ?? 0])))
  }
