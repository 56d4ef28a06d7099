import { ContainerSpec, FILES_LABEL } from '#contract/agent.ts'
import { addressesOf, HOME, type Installation, UID } from '#contract/installation.ts'
import { RESOLVER_COMPONENTS, type ResolverComponent } from '#contract/network.ts'

/** Where its files are; the data folder has the same path inside its containers. */
export function resolverFiles(home: string) {
  const folder = `${home}/${HOME.resolver}`
  return { folder, config: `${folder}/dnsmasq.conf` } as const
}

/** Where it answers. */
export const resolverAddress = (
  installation: Pick<Installation, 'name' | 'subnet'>,
  component: ResolverComponent,
): string => addressesOf(installation).names[RESOLVER_COMPONENTS.indexOf(component)] ?? ''

/** It may write into the packet filter's sets and listen at port 53; nothing else of root's rights is left when it begins. */
const RIGHTS = '-all,+net_admin,+net_bind_service'
const AS_RESOLVER = [
  'setpriv',
  `--reuid=${UID.resolver}`,
  `--regid=${UID.resolver}`,
  '--clear-groups',
  `--inh-caps=${RIGHTS}`,
  `--ambient-caps=${RIGHTS}`,
  `--bounding-set=${RIGHTS}`,
] as const

export interface ResolverPlace {
  readonly installation: Pick<Installation, 'name' | 'subnet'>
  readonly home: string
  /** An image with dnsmasq. */
  readonly image: string
}

/** Its container. `hash`: of its configuration, which it reads at its start. */
export function resolverContainer(
  { installation, home, image }: ResolverPlace,
  component: ResolverComponent,
  hash: string,
): ContainerSpec {
  const files = resolverFiles(home)
  const listen = `--listen-address=${resolverAddress(installation, component)}`
  return ContainerSpec.parse({
    name: `${installation.name}-${component}`,
    component,
    image,
    entrypoint: [],
    command: [...AS_RESOLVER, 'dnsmasq', '--keep-in-foreground', `--conf-file=${files.config}`, listen],
    user: '0:0',
    // Where it cannot find the words of a language, it takes numbers in its configuration for wrong.
    env: { LC_ALL: 'C' },
    labels: { [FILES_LABEL]: hash },
    networks: [{ name: 'host', aliases: [] }],
    mounts: [{ source: files.folder, target: files.folder, readOnly: true }],
    capabilities: ['SETGID', 'SETUID', 'SETPCAP', 'NET_ADMIN', 'NET_BIND_SERVICE'],
    init: false,
    stopTimeoutS: 2,
    memoryMb: 128,
    processes: 64,
  })
}
