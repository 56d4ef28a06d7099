import { ContainerSpec } from '#contract/agent.ts'
import { HOME, type Installation } from '#contract/installation.ts'
import { FIRST_IN_TURN } from '#contract/turn.ts'

/** Where its files are; the data folder has the same path inside its container. */
export function addressFiles(home: string) {
  const folder = `${home}/${HOME.address}`
  return {
    folder,
    config: `${folder}/keepalived.conf`,
    /** Not 0: the host holds the address no more, however well it is. */
    gaveUp: `${folder}/run/gave-up`,
    /** keepalived watches a file only where it could be written. */
    run: `${folder}/run`,
    /** Hash of the configuration that it was told last to read. */
    told: `${folder}/told`,
  } as const
}
export type AddressFiles = ReturnType<typeof addressFiles>

/** The component that holds the address which the hosts of a data centre share, or stands by to take it. */
export const ADDRESS_COMPONENT = 'address'

/**
 * Its container. Of root's rights it has those to change addresses and to speak a protocol of its own, and those by which the
 * program that tries the edge gets none at all, and is ended when it takes too long.
 */
export function addressContainer(
  installation: Pick<Installation, 'name'>,
  home: string,
  image: string,
): ContainerSpec {
  const files = addressFiles(home)
  return ContainerSpec.parse({
    name: `${installation.name}-${ADDRESS_COMPONENT}`,
    component: ADDRESS_COMPONENT,
    image,
    command: [
      'keepalived',
      ...['--dont-fork', '--vrrp', '--log-console', '--no-syslog'],
      ...[`--use-file=${files.config}`, '--pid=/run/keepalived.pid', '--vrrp_pid=/run/vrrp.pid'],
    ],
    user: '0:0',
    networks: [{ name: 'host', aliases: [] }],
    mounts: [
      { source: files.folder, target: files.folder, readOnly: true },
      { source: files.run, target: files.run, readOnly: false },
    ],
    tmpfs: { '/run': 'rw,noexec,nosuid,nodev,size=1m,mode=0755', '/tmp': 'rw,noexec,nosuid,nodev,size=1m' },
    capabilities: ['NET_ADMIN', 'NET_RAW', 'KILL', 'SETGID', 'SETUID'],
    init: false,
    ...FIRST_IN_TURN,
    stopTimeoutS: 5,
    memoryMb: 64,
    processes: 32,
  })
}
