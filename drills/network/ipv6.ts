import { readdir } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { NothingProven } from '../not-measured.ts'
import type { Inside } from './instances.ts'

const SETTINGS = '/proc/sys/net/ipv6/conf/eth0'

/** Switches IPv6 on in an instance's network, which only the host's root can, or off again. */
export async function setIpv6({ run }: Inside, on: boolean): Promise<void> {
  // Without the question whether somebody else has the address, which nobody would hear.
  const settings = on
    ? ([
        ['accept_dad', '0'],
        ['disable_ipv6', '0'],
      ] as const)
    : ([['disable_ipv6', '1']] as const)
  for (const [name, value] of settings) {
    const { exitCode, stderr } = await run(['tee', `${SETTINGS}/${name}`], { input: `${value}\n` })
    if (exitCode !== 0) throw new NothingProven(`IPv6 of an instance: ${stderr.trim()}`)
  }
}

/** The host's own address of IPv6 on a bridge, where it has one. */
export const linkLocalOf = (bridge: string): string | undefined =>
  networkInterfaces()[bridge]?.find(({ family }) => family === 'IPv6')?.address

/** The ports of a bridge: the host's ends of the links of whoever is on it. */
export const portsOf = (bridge: string): Promise<string[]> => readdir(`/sys/class/net/${bridge}/brif`)
