export interface Need {
  /** Hosts that do not run yet. */
  readonly hosts: number
  readonly withPlatform: boolean
}

export interface MachineFacts {
  readonly availableMb: number
  readonly freeMb: number
  readonly home: string
  readonly hasTun: boolean
}

/** Measured, with room to breathe: an engine with its keeper, the platform, and the images on each disk. */
const MEMORY_MB = { host: 150, platform: 800 } as const
const DISK_MB = { bareHost: 100, host: 1000, platform: 10_240 } as const

/** What stands in the way of a lab, and what to do; undefined when nothing does. */
export function unmetNeed(
  facts: MachineFacts,
  { hosts, withPlatform }: Need,
): { readonly what: string; readonly next: string } | undefined {
  const memoryMb = hosts * MEMORY_MB.host + (withPlatform ? MEMORY_MB.platform : 0)
  const diskMb = withPlatform ? Math.max(DISK_MB.platform, hosts * DISK_MB.host) : hosts * DISK_MB.bareHost
  if (hosts > 0 && facts.availableMb < memoryMb)
    return {
      what: `${facts.availableMb} MB of memory are available, ${hosts} hosts need ${memoryMb} MB`,
      next: 'End other programs, or ask for fewer hosts.',
    }
  if (hosts > 0 && facts.freeMb < diskMb)
    return {
      what: `${facts.freeMb} MB are free in ${facts.home}, ${hosts} hosts need ${diskMb} MB`,
      next: 'Free some space, choose another disk with --home, or ask for fewer hosts.',
    }
  if (!facts.hasTun)
    return {
      what: 'there is no /dev/net/tun, which is the way out of the lab',
      next: 'Load the kernel’s module for it: `modprobe tun`.',
    }
  return undefined
}
