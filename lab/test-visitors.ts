import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { HOME } from '#contract/installation.ts'
import { dataFolder, enterArgv, hostsOf, LAB_DOMAIN, type Lab } from './index.ts'
import { type Visit, Visited } from './visit.ts'

/** Visitors of an app from outside, at these addresses; gives what ends them and tells what they saw. */
export async function startVisitors(
  lab: Lab,
  app: string,
  addresses: readonly string[],
): Promise<() => Promise<Visited>> {
  const [first] = hostsOf(lab.plan)
  if (first === undefined) throw new Error('the lab has no host')
  const caFile = join(dataFolder(lab, first), HOME.pki, 'root.crt')
  const visit: Visit = { addresses: [...addresses], name: `${app}.${LAB_DOMAIN}`, caFile }
  const argv = [process.execPath, 'lab/visitors.ts', JSON.stringify(visit)]
  const [file, ...args] = await enterArgv(lab, 'client', argv)
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const printed = text(child.stdout)
  return async () => {
    child.stdin.end()
    await once(child, 'close')
    return Visited.parse(JSON.parse(await printed))
  }
}
