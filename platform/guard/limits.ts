/** From when on the kernel acts on what comes from outside; each with what it leaves alone. */
export const KERNEL_LIMITS = {
  /** Closed ports that a source may ask for, before it is held; one more every ten minutes. */
  closedPorts: 4,
  closedPortsPerHour: 6,
  /** Ports of other programs on the host that a source may visit within a minute. */
  openPorts: 20,
  /** Opening packets of one source that has not completed a connection yet. */
  synPerSecond: 5_000,
  synBurst: 10_000,
  /** Ports of one destination, or addresses of private networks, that an instance may ask for within a minute. */
  insidePairs: 20,
  /** Ports of the host itself that an instance may ask for in vain. */
  insidePorts: 10,
} as const

/** How long a source that is held stays so, by how often it was within a day. */
export const GRADES_S = [600, 3_600, 86_400] as const
