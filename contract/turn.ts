/**
 * The weight of what must not be taken for dead while processors are scarce, and of the ways on which it is heard: they come
 * before apps and builds. A lease that ends because its keeper had no turn is a failover that nothing called for.
 */
export const FIRST_IN_TURN = { cpuShares: 16_384 } as const
