import { type Lab, runIn } from './index.ts'

/** Asks the members of a lab's store at these addresses, by their last parts, from inside one of them. */
export function etcdctl(
  lab: Lab,
  host: string,
  member: string,
  lasts: readonly string[],
  command: readonly string[],
) {
  const tls = `/var/lib/maru/${member}/tls`
  const options = [`--cacert=${tls}/ca.crt`, `--cert=${tls}/server.crt`, `--key=${tls}/server.key`]
  const endpoints = lasts.map((last) => `https://10.89.0.${last}:2379`).join()
  const argv = ['etcdctl', `--endpoints=${endpoints}`, ...options, ...command]
  return runIn(lab, host, ['docker', 'exec', `maru-${member}`, ...argv])
}

/** How many members the one at an address knows, and how many of them have a voice; none while it does not answer. */
export async function membersOfStore(
  lab: Lab,
  host: string,
  member: string,
  last: string,
): Promise<{ readonly all: number; readonly voices: number }> {
  const { exitCode, stdout } = await etcdctl(lab, host, member, [last], ['member', 'list', '-w', 'json'])
  if (exitCode !== 0) return { all: 0, voices: 0 }
  const { members } = JSON.parse(stdout) as { members: Array<{ isLearner?: boolean }> }
  return { all: members.length, voices: members.filter(({ isLearner }) => isLearner !== true).length }
}
