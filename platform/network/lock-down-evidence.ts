import type { Host } from '#contract/host-view.ts'
import type { LockDown } from '#contract/network.ts'
import { listHosts } from '#platform/fleet/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { type HostReports, isFresh, loadReports } from '#platform/workload/index.ts'
import { read } from '#runtime/server/transact.ts'
import { findLockDown } from './store.ts'

/**
 * Whether every host refuses what else it carries. Nothing that the control plane could try would tell: to its own network a host's
 * ports are closed in any case. So hosts are asked, which compare their rules with the kernel's every few seconds and put them back.
 */
export const lockDownCheck: Check = {
  name: 'network.locked',
  promises: ['NET-1', 'SYS-8'],
  everyS: 60,
  validS: 300,
  run: async ({ db, now }) => {
    const [lockDown, hosts, reports] = await Promise.all([
      read(() => findLockDown(db)),
      read(() => listHosts(db, now())),
      read(() => loadReports(db)),
    ])
    return judgeLocks({ lockDown, hosts, reports, now: now() })
  },
}

interface Seen {
  readonly lockDown: LockDown | null
  readonly hosts: readonly Pick<Host, 'name'>[]
  readonly reports: HostReports
  readonly now: Date
}

/** What of the hosts' words follows: each has to say that it is locked down, lately, and people to have kept it so. */
export function judgeLocks({ lockDown, hosts, reports, now }: Seen): Finding {
  const locked = hosts.filter(({ name }) => {
    const last = reports.get(name)
    return isFresh(last, now) && last.report.filter?.locked === true
  })
  const passed =
    lockDown !== null && lockDown.until === null && hosts.length > 0 && locked.length === hosts.length
  return {
    passed,
    summary: passed
      ? 'Every machine refuses whatever no rule allows: its own ports, those of other programs on it, and where it connects to itself.'
      : `${reasonOf(lockDown, hosts.length - locked.length)} An operator locks all machines down with maru network lock-down try, and keeps it with maru network lock-down keep.`,
    facts: [{ name: 'Machines that are locked down', value: `${locked.length} of ${hosts.length}` }],
  }
}

function reasonOf(lockDown: LockDown | null, left: number): string {
  if (lockDown === null)
    return 'The machines are not locked down: what else they carry, such as ssh, answers whoever asks.'
  if (lockDown.until !== null) return 'The machines are locked down on trial only, which ends by itself.'
  return `${left} of the machines did not say that they are locked down.`
}
