import { join } from 'node:path'
import { ErrorBody, MaruError } from '#contract/errors.ts'
import { runIn } from './enter.ts'
import { LAB_FILES, type Lab, PROGRAM_DIR } from './lab.ts'
import { type HostPlan, LAB_DOMAIN } from './plan.ts'

export interface LabPlatform {
  readonly host: string
  readonly url: string
  readonly setupLink: string | null
}

const TIMEOUT_MS = 900_000

/** Brings the platform up on one host, by the command that an operator would type there. */
export async function bringUpPlatform(lab: Lab, host: HostPlan): Promise<LabPlatform> {
  const argv = [join(PROGRAM_DIR, 'maru'), 'up', '--lab', '--domain', LAB_DOMAIN, '--json']
  const done = await runIn(lab, host.name, argv, { timeoutMs: TIMEOUT_MS })
  if (done.exitCode !== 0) {
    const log = join(lab.home, LAB_FILES.hosts, host.name, 'disk/var/lib/maru/logs')
    throw new MaruError('lab.failed', { step: `\`maru up\` on ${host.name}`, reason: reasonOf(done), log })
  }
  const { url, setupLink } = JSON.parse(done.stdout) as { url: string; setupLink: string | null }
  return { host: host.name, url, setupLink }
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
