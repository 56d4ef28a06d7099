/**
 * The weight of what must not be taken for dead while processors are scarce, and of the ways on which it is heard: they come
 * before apps and builds. A lease that ends because its keeper had no turn is a failover that nothing called for.
 */
export const FIRST_IN_TURN = { cpuShares: 16_384, firstGroup: true } as const

/**
 * The control group above all of it where no systemd makes one for each container: the engine would else put every container into
 * one group, and that counts no more than any single process of the machine.
 */
export const FIRST_GROUP = 'maru-first'

/** Of that group: as eight processes of the machine. `shares` on control groups of version 1, `weight` on version 2. */
export const FIRST_GROUP_WEIGHT = { shares: 8_192, weight: 800 } as const
