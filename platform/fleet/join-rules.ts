import { MaruError } from '#contract/errors.ts'

export interface MachineFacts {
  readonly version: string
  /** Its clock, as RFC 3339. */
  readonly clock: string
}

export interface InstallationFacts {
  readonly version: string
  readonly now: Date
  /** Difference of the clocks that is borne. */
  readonly skewS: number
}

/** A host of another version would not understand its states; one with another clock would refuse good certificates. */
export function checkMachine(machine: MachineFacts, { version, now, skewS }: InstallationFacts): void {
  if (machine.version !== version)
    throw new MaruError('hosts.version_differs', { got: machine.version, want: version })
  const seconds = Math.round(Math.abs(Date.parse(machine.clock) - now.getTime()) / 1000)
  if (seconds > skewS) throw new MaruError('hosts.clock_off', { seconds })
}

const DAY_MS = 86_400_000

/** Whether a certificate that lasts so many days should be replaced: when a third of its time is left. */
export const isRenewalDue = (expiresAt: Date, days: number, now: Date): boolean =>
  expiresAt.getTime() - now.getTime() < (days * DAY_MS) / 3
