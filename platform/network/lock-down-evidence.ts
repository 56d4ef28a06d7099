import type { Host } from '#contract/host-view.ts'
import type { LockDown } from '#contract/network.ts'
import { listHosts } from '#platform/fleet/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { type HostReports, isFresh, loadReports } from '#platform/workload/index.ts'
import { read } from '#runtime/server/transact.ts'
import { findLockDown } from './store.ts'

/** Whether people have decided that the machines refuse whatever no rule allows. The platform cannot decide it: ssh may be among that. */
const lockDownCheck: Check = {
  name: 'network.lock-down',
  promises: ['NET-1', 'SYS-8'],
  everyS: 60,
  validS: 300,
  run: async ({ db }) => judgeDecision(await read(() => findLockDown(db))),
}

/** What follows from what people decided: that they locked the machines down, and not on trial. */
export function judgeDecision(lockDown: LockDown | null): Finding {
  const [decision, summary] = decided(lockDown)
  return {
    passed: decision === 'locked down',
    summary:
      decision === 'locked down'
        ? summary
        : `${summary} An operator locks all machines down with maru network lock-down try, and keeps it with maru network lock-down keep.`,
    facts: [{ name: 'Decision', value: decision }],
  }
}

function decided(lockDown: LockDown | null): [decision: string, summary: string] {
  if (lockDown === null)
    return [
      'not locked down',
      'The machines are not locked down: what else they carry, such as ssh, answers whoever asks.',
    ]
  if (lockDown.until !== null)
    return ['on trial', 'The machines are locked down on trial only, which ends by itself.']
  return [
    'locked down',
    'People have locked the machines down: what else they carry answers only whom a rule names.',
  ]
}

/**
 * Whether every host refuses what else it carries. Nothing that the control plane could try would tell: to its own network a host's
 * ports are closed in any case. So hosts are asked, which compare their rules with the kernel's every few seconds and put them back.
 */
const lockedCheck: Check = {
  name: 'network.locked',
  promises: ['NET-1', 'SYS-8'],
  everyS: 60,
  validS: 300,
  run: async ({ db, now }) => {
    const [hosts, reports] = await Promise.all([
      read(() => listHosts(db, now())),
      read(() => loadReports(db)),
    ])
    return judgeLocks({ hosts, reports, now: now() })
  },
}

export const lockChecks: readonly Check[] = [lockDownCheck, lockedCheck]

interface Seen {
  readonly hosts: readonly Pick<Host, 'name'>[]
  readonly reports: HostReports
  readonly now: Date
}

/** What of the hosts' words follows: each has to say that it is locked down, and lately. */
export function judgeLocks({ hosts, reports, now }: Seen): Finding {
  const locked = hosts.filter(({ name }) => {
    const last = reports.get(name)
    return isFresh(last, now) && last.report.filter?.locked === true
  })
  const passed = hosts.length > 0 && locked.length === hosts.length
  return {
    passed,
    summary: passed
      ? 'Every machine refuses whatever no rule allows: its own ports, those of other programs on it, and where it connects to itself.'
      : `${hosts.length - locked.length} of the machines did not say that they are locked down.`,
    facts: [{ name: 'Machines that are locked down', value: `${locked.length} of ${hosts.length}` }],
  }
}
