import { inGroups } from '#runtime/drivers/control-groups.ts'
import { EVERY_NAMESPACE, inNamespaces } from '#runtime/drivers/namespaces.ts'
import { type RunOptions, type RunResult, run } from '#runtime/drivers/process.ts'
import { hostGroups, requireRunning } from './host.ts'
import { groupFolder } from './keeper.ts'
import { findHost, type Lab, PROGRAM_DIR } from './lab.ts'
import { requireClient } from './network.ts'

/** How this machine reaches registries is how those in the lab do; a terminal is the same one. */
const PASSED_ON = [
  ...['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
  ...['npm_config_registry', 'NPM_CONFIG_REGISTRY', 'TERM', 'NO_COLOR', 'MARU_DEBUG'],
]
const PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Arguments that run a program in a host, or at the client, as root: begun in this program's folder, ended with the
 * host. Refused when the host is off or frozen.
 */
export async function enterArgv(
  lab: Lab,
  name: string,
  argv: readonly string[],
): Promise<[string, ...string[]]> {
  const passed = PASSED_ON.flatMap((key) => (lab.env[key] === undefined ? [] : [`${key}=${lab.env[key]}`]))
  const own = [`PATH=${PATH}`, 'HOME=/root', 'LANG=C.UTF-8', ...passed]
  const clean = ['env', '--ignore-environment', `--chdir=${PROGRAM_DIR}`, ...own, ...argv]
  if (name === lab.plan.client.name) {
    const enter = inNamespaces(await requireClient(lab), ['mount', 'uts', 'net'], clean)
    return inGroups([groupFolder(lab, 'client-programs')], enter)
  }
  const host = findHost(lab, name)
  const init = await requireRunning(lab, host)
  return inGroups(hostGroups(lab, host), inNamespaces(init, EVERY_NAMESPACE, clean))
}

/** A process on the network of a host, or of the client. Refused when the host is off or frozen. */
export const pidOnNetwork = async (lab: Lab, name: string): Promise<number> =>
  name === lab.plan.client.name ? await requireClient(lab) : await requireRunning(lab, findHost(lab, name))

/**
 * Arguments that run a program of this machine on the network of a host: it reaches what that host reaches, and has this machine's
 * files, processes and environment otherwise. Refused when the host is off or frozen.
 */
export const onNetworkArgv = async (
  lab: Lab,
  name: string,
  argv: readonly string[],
): Promise<[string, ...string[]]> =>
  inNamespaces(await requireRunning(lab, findHost(lab, name)), ['net'], argv)

/** Runs a program in a host, or at the client, and gives what it printed. */
export async function runIn(
  lab: Lab,
  name: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return run(await enterArgv(lab, name, argv), options)
}
