import { join } from 'node:path'
import { ErrorBody, MaruError } from '#contract/errors.ts'
import { HOME } from '#contract/installation.ts'
import { exists } from '#runtime/drivers/files.ts'
import { runIn } from './enter.ts'
import { dataFolder } from './host.ts'
import { type Lab, PROGRAM_DIR } from './lab.ts'
import { type HostPlan, LAB_DOMAIN, type SitePlan, WITNESS } from './plan.ts'

export interface LabPlatform {
  readonly host: string
  readonly url: string
  readonly setupLink: string | null
}

const TIMEOUT_MS = 900_000

/** The program in a host, by the command that an operator would type there. */
const MARU = join(PROGRAM_DIR, 'maru')

/** Brings the platform up on one host, by the command that an operator would type there. */
export async function bringUpPlatform(lab: Lab, host: HostPlan): Promise<LabPlatform> {
  const argv = [...[MARU, 'up', '--lab', '--domain', LAB_DOMAIN], ...['--data-centre', host.site, '--json']]
  const done = await runIn(lab, host.name, argv, { timeoutMs: TIMEOUT_MS })
  if (done.exitCode !== 0) throw failed(lab, host, '`maru up`', done)
  const { url, setupLink } = JSON.parse(done.stdout) as { url: string; setupLink: string | null }
  return { host: host.name, url, setupLink }
}

/** Makes another host one of the installation, with the link that the first one gives out. What belongs to it already is brought up. */
export async function joinPlatform(lab: Lab, first: HostPlan, host: HostPlan): Promise<void> {
  const run = (where: HostPlan, argv: readonly [string, ...string[]]) =>
    runIn(lab, where.name, argv, { timeoutMs: TIMEOUT_MS })
  const hasJoined = await exists(join(dataFolder(lab, host), HOME.host))
  if (hasJoined) {
    const again = await run(host, [MARU, 'up', '--json'])
    if (again.exitCode !== 0) throw failed(lab, host, '`maru up`', again)
    return
  }
  const role = host.site === WITNESS ? ['--witness'] : []
  const asked = await run(first, [
    MARU,
    'host',
    'add',
    host.name,
    '--data-centre',
    host.site,
    ...role,
    '--json',
  ])
  if (asked.exitCode !== 0) throw failed(lab, first, '`maru host add`', asked)
  const { link } = JSON.parse(asked.stdout) as { link: string }
  const joined = await run(host, [MARU, 'host', 'join', link, '--json'])
  if (joined.exitCode !== 0) throw failed(lab, host, '`maru host join`', joined)
}

/** Has the hosts of a data centre share an address. */
export async function shareAddress(
  lab: Lab,
  first: HostPlan,
  site: SitePlan,
  address: string,
): Promise<void> {
  const argv = [MARU, 'data-centre', 'address', site.name, address, '--json'] as const
  const done = await runIn(lab, first.name, argv, { timeoutMs: TIMEOUT_MS })
  if (done.exitCode !== 0) throw failed(lab, first, '`maru data-centre address`', done)
}

function failed(lab: Lab, host: HostPlan, command: string, done: Parameters<typeof reasonOf>[0]): MaruError {
  const log = join(dataFolder(lab, host), HOME.logs)
  return new MaruError('lab.failed', { step: `${command} on ${host.name}`, reason: reasonOf(done), log })
}

/** What the command said, as far as it said it in its own form. */
function reasonOf({ stderr, timedOut }: { readonly stderr: string; readonly timedOut: boolean }): string {
  if (timedOut) return `not within ${TIMEOUT_MS / 1000} s`
  const last = stderr.trim().split('\n').at(-1) ?? ''
  try {
    return ErrorBody.parse(JSON.parse(last)).error.message.replace(/\.$/, '')
  } catch {
    return last || 'it said nothing'
  }
}
