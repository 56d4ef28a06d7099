import type { Installation } from '#contract/installation.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { type HostPorts, renderHostRules, tableOf } from './host-rules.ts'

/** Keeps an installation's rules in force. */
export interface HostRules {
  /** Loads them where they are missing or were changed by hand. Tells whether it had to. */
  ensure(others?: HostPorts): Promise<boolean>
}

/** The kernel shows rules in its own words: what it showed after loading is what it must show later. */
export function makeHostRules(nft: Nft, installation: Installation): HostRules {
  const table = tableOf(installation)
  let loaded: string | undefined
  let inForce: string | undefined
  return {
    ensure: async (others) => {
      const rules = renderHostRules(installation, others)
      if (rules === inForce && (await nft.list(table)) === loaded) return false
      await nft.load(rules)
      inForce = rules
      loaded = await nft.list(table)
      return true
    },
  }
}

/** Removes an installation's rules. */
export const removeHostRules = (nft: Nft, installation: Pick<Installation, 'id'>) =>
  nft.remove(tableOf(installation))
