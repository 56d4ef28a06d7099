import type { Installation } from '#contract/installation.ts'
import { guardTableOf, portTableOf } from '#platform/guard/host.ts'
import { CLOSED_FAMILIES, closedTableOf } from '#platform/hosts/closed-script.ts'
import { tableOf } from '#platform/network/compile.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { holdPorts } from './instance-ports.ts'
import { listInstances } from './instances.ts'
import type { ReconcileDeps } from './reconcile.ts'

/** What was loaded before the engine started, so that nothing of the apps reaches anybody before the rules are there. */
export interface Closed {
  stands(): Promise<boolean>
  /** Takes it away; refused while a table of the rules that stand in its place is missing. */
  open(): Promise<void>
}

type ClosedBy = Pick<Nft, 'glance' | 'tables' | 'remove'>

/** The closed network of an installation, as the packet filter has it. */
export function makeClosed(nft: ClosedBy, installation: Pick<Installation, 'id'>): Closed {
  const table = closedTableOf(installation)
  const rules = [tableOf(installation), guardTableOf(installation), portTableOf(installation)]
  return {
    // While nothing in the filter changes this asks nobody.
    stands: async () => {
      const shown = await Promise.all(CLOSED_FAMILIES.map((family) => nft.glance.rules(family, table)))
      return shown.some((text) => text !== undefined)
    },
    open: async () => {
      const there = new Set((await nft.tables()).map(({ name }) => name))
      const missing = rules.filter((name) => !there.has(name))
      if (missing.length > 0)
        throw new Error(`the network of the apps stays closed, because ${missing.join(', ')} is not in force`)
      for (const family of CLOSED_FAMILIES) await nft.remove(family, table)
    },
  }
}

type OpenDeps = Pick<ReconcileDeps, 'closed' | 'config' | 'docker' | 'guard' | 'log'>

/** Opens the network once all is in force that judges what runs there already. The rules of who may reach whom have been loaded. */
export async function openClosed(deps: OpenDeps): Promise<void> {
  if (!(await deps.closed.stands())) return
  const { docker, config } = deps
  await holdPorts(deps, await listInstances({ docker, installation: config.installation }))
  await deps.closed.open()
  deps.log.info('agent.network_opened')
}
