import type { ContainerSpec, PlatformConfig } from '#contract/agent.ts'
import type { AgentConfig } from '#contract/installation.ts'
import {
  type AddressDuty,
  giveUp,
  hasGivenUp,
  NO_STRAYS,
  planAddress,
  renderForLeaving,
  renderForPeers,
  type StrayTables,
  strayTableOf,
  writeAddress,
} from '#platform/virtual-address/index.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { makeKeptTable } from '#runtime/drivers/kept-table.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { findOwnAddress, type OwnAddress } from '#runtime/drivers/own-addresses.ts'
import { ipv4Among } from '#runtime/kit/ipv4.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { HostMembership } from './membership.ts'

/** This host's part in the address that the hosts of its data centre share. */
export interface SharedAddressKeeper {
  /** The platform's half with what keeps the address, where there is one; by the hosts that the whole pass goes by. */
  withAddress(platform: PlatformConfig, membership: Membership): Promise<PlatformConfig>
  /** The address, when it leads here. */
  held(): string | undefined
  /** The address was given up for good: what its visitors still have here should end with its next answer. */
  hasGivenUp(): boolean
}

export interface AddressKeeperDeps {
  readonly config: AgentConfig
  readonly docker: Docker
  readonly nft: Nft
  readonly log: Log
}

type Membership = Pick<HostMembership, 'fleet' | 'isRemoved'>

/** The others hear of it as soon as this host does: until they have, they would end connections that are none of theirs. */
const WARNING_MS = 3_000
const LOOK = { times: 20, everyMs: 50 } as const
const LOOPBACK = 'lo'

/** Keeps the address from pass to pass. */
export function makeAddressKeeper(deps: AddressKeeperDeps): SharedAddressKeeper {
  const { config } = deps
  const strays = makeStrays(deps)
  let leavingSince: number | undefined
  let duty: AddressDuty | undefined
  let given = false
  const held = () => {
    const at = ownOf(deps)
    return duty !== undefined && at !== undefined && isAt(at.device, duty.address) ? duty.address : undefined
  }
  const leave = async (now: AddressDuty, isUnnoticed: boolean) => {
    leavingSince ??= performance.now()
    if (!given && performance.now() - leavingSince < WARNING_MS && held() !== undefined) return
    if (isUnnoticed) {
      if (!isAt(LOOPBACK, now.address)) return
      await strays.put(renderForLeaving(strays.table, now, { own: config.host.address }))
    }
    if (!given) deps.log.info('agent.address_given_up', { address: now.address })
    await giveUp(config.home, true)
    given = true
  }
  const stay = async (now: AddressDuty, device: string) => {
    leavingSince = undefined
    if (given) {
      await giveUp(config.home, false)
      // With both of its places, and nothing that keeps it quiet, it would answer for an address that is elsewhere.
      for (let left = LOOK.times; left > 0 && isAt(LOOPBACK, now.address); left--) await pause(LOOK.everyMs)
    }
    given = false
    await strays.put(renderForPeers(strays.table, now, { device }))
  }
  const keep = async (now: AddressDuty, device: string): Promise<ContainerSpec> => {
    const { installation, home, host, images } = config
    const place = { installation, home, host, image: images.edge, docker: deps.docker }
    given = await hasGivenUp(home)
    const isUnnoticed = now.leaving && (given || (await strays.areKnown(now)))
    const spec = await writeAddress(
      place,
      { ...now, leaving: isUnnoticed },
      { device, isHeld: held() !== undefined },
    )
    await (now.leaving ? leave(now, isUnnoticed) : stay(now, device))
    return spec
  }
  return {
    withAddress: async (platform, membership) => {
      const at = ownOf(deps)
      duty = at && dutyAt(deps, membership, at)
      if (duty !== undefined && at !== undefined) {
        const spec = await keep(duty, at.device)
        // Last: by then there is an edge to hold it for.
        return { ...platform, containers: [...platform.containers, spec] }
      }
      await strays.put(NO_STRAYS)
      return platform
    },
    held,
    hasGivenUp: () => given && held() === undefined,
  }
}

const ownOf = ({ config }: AddressKeeperDeps): OwnAddress | undefined =>
  findOwnAddress(config.host.address)[0]
const isAt = (device: string, address: string) => findOwnAddress(address).some((one) => one.device === device)

/** Nothing where the address is in no network of this host: it would lead nobody here. */
function dutyAt(
  { config, log }: AddressKeeperDeps,
  membership: Membership,
  { cidr }: OwnAddress,
): AddressDuty | undefined {
  const duty = membership.isRemoved() ? undefined : planAddress(config.host.name, membership.fleet())
  if (duty === undefined || ipv4Among(duty.address, [cidr])) return duty
  log.warn('agent.address_elsewhere', { address: duty.address, own: cidr })
  return undefined
}

/** The tables that are there while a host of the data centre is being emptied. */
function makeStrays({ config, nft, log }: AddressKeeperDeps) {
  const table = strayTableOf(config.installation)
  const kept = { ip: makeKeptTable(nft, 'ip', table), arp: makeKeptTable(nft, 'arp', table) }
  let known: boolean | undefined
  /** Tells whether it could; what could not be done is tried again with the next pass. */
  const put = async (scripts: StrayTables): Promise<boolean> => {
    try {
      const did = [await kept.ip.keep(scripts.ip), await kept.arp.keep(scripts.arp)]
      if (did.includes('mended')) log.warn('agent.address_strays_restored')
      return true
    } catch (error) {
      log.warn('agent.address_strays', { error })
      return false
    }
  }
  return {
    table,
    put,
    /** Whether this kernel has what it takes. Where it has not, the address is given up nevertheless, but not unnoticed. */
    areKnown: async (duty: AddressDuty): Promise<boolean> => {
      known ??=
        (await put(renderForLeaving(table, duty, { own: config.host.address }))) && (await put(NO_STRAYS))
      return known
    },
  }
}
