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
/** Certificates begin two hours before they are made. */
const SLACK_MS = 3 * 3_600_000

/** Whether a certificate that should last so many days is to be replaced: a third of its time is left, or it lasts longer and is as old. */
export function isRenewalDue(
  { from, to }: { readonly from: Date; readonly to: Date },
  days: number,
  now: Date,
): boolean {
  const third = (days * DAY_MS) / 3
  return to.getTime() - now.getTime() < third || now.getTime() - from.getTime() > 2 * third + SLACK_MS
}
