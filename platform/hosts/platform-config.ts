import { type ContainerSpec, FILES_LABEL, PlatformConfig } from '#contract/agent.ts'
import { CONTROL_SERVICES, type ControlService } from '#contract/fleet.ts'
import type { HostIdentity } from '#contract/host-identity.ts'
import {
  addressesOf,
  HOME,
  HOST_CGROUP,
  type Installation,
  POSTGRES_HOST,
  UID,
} from '#contract/installation.ts'
import { FIRST_IN_TURN } from '#contract/turn.ts'
import { bundledProgram } from '#images/bundle-program.ts'
import { PATRONI_START } from '#images/recipes.ts'
import { edgeContainer } from '#platform/edge/index.ts'
import { componentOf } from '#platform/mesh/index.ts'
import { pgproxyFiles, renderEtcdCommand } from './database-tier.ts'

/** Images of the platform's own containers, by id. */
export interface PlatformImages {
  readonly database: string
  readonly patroni: string
  readonly edge: string
  readonly platform: string
}

export interface PlatformInput {
  readonly installation: Installation
  readonly host: Pick<HostIdentity, 'first' | 'role'>
  readonly home: string
  readonly images: PlatformImages
  readonly generation: number
  /** Hash of the files that a component reads only at its start: another hash makes another container. */
  readonly files: Readonly<Record<string, string>>
  readonly hostCaBundle: string
  /** The engine may give every capability; false on a machine that is itself confined. */
  readonly canPrivilege: boolean
}

/** Folder of the host's /run inside the agent: the engine's socket is made anew when the engine restarts. */
export const HOST_RUN = '/host-run'
/** Configuration of a member of etcd that joined, in its folder. */
export const ETCD_CONFIG = 'etcd.json'

/** The platform's half of a host: everything that runs besides apps, in the order in which it starts. */
export function platformConfig(input: PlatformInput): PlatformConfig {
  const { data, edge, build, apps } = addressesOf(input.installation).networks
  return PlatformConfig.parse({
    generation: input.generation,
    // A witness runs no apps.
    networks: input.host.role === 'witness' ? [data, edge] : [data, edge, build, apps],
    containers: containersOf(input).map((spec) => withFiles(spec, input.files)),
  })
}

/**
 * The first host has its own parts from the beginning, and an edge is on every full host. What can be on any host that joined is in
 * the configuration of each; the agent chooses (`placedHere`), and adds what stands for the rest.
 */
function containersOf(input: PlatformInput): ContainerSpec[] {
  const edge = edgeContainer(input.installation, input.home, input.images.edge)
  if (!input.host.first) {
    const voices = ([1, 2, 3] as const).map((n) => etcd(input, n))
    if (input.host.role === 'witness') return [...voices, agent(input)]
    const pair = ([1, 2] as const).map((n) => postgres(input, n))
    const controls = CONTROL_SERVICES.map((service) => control(input, service))
    return [...voices, ...pair, pgproxy(input), agent(input), ...controls, edge]
  }
  return [
    etcd(input, 1),
    postgres(input, 1),
    postgres(input, 2),
    pgproxy(input),
    agent(input),
    control(input, 'control'),
    edge,
  ]
}

function withFiles(spec: ContainerSpec, files: PlatformInput['files']): ContainerSpec {
  const hash = files[spec.component]
  return hash === undefined ? spec : { ...spec, labels: { ...spec.labels, [FILES_LABEL]: hash } }
}

/** What every container of the platform has in common: no capability, a read-only root, limits. */
function confined(
  input: PlatformInput,
  component: string,
  spec: Pick<ContainerSpec, 'image' | 'command' | 'networks' | 'memoryMb' | 'processes'> &
    Partial<ContainerSpec>,
): ContainerSpec {
  return {
    name: `${input.installation.name}-${component}`,
    component,
    env: {},
    labels: {},
    ports: [],
    mounts: [],
    tmpfs: {},
    capabilities: [],
    privileged: false,
    pidMode: 'own',
    readOnlyRoot: true,
    init: true,
    restart: 'always',
    stopTimeoutS: 10,
    files: 65_536,
    ...spec,
  }
}

const own = (uid: number) => `${uid}:${uid}`
const tmpfsFor = (uid: number, sizeMb: number) =>
  `rw,noexec,nosuid,nodev,size=${sizeMb}m,uid=${uid},gid=${uid},mode=0700`

/** A folder of the data folder, at the same path inside. */
const same = (path: string, readOnly = false) => ({ source: path, target: path, readOnly })

/** A member of etcd. The one that an installation begins with is told all on its command line; others read what their agent has written. */
function etcd(input: PlatformInput, n: 1 | 2 | 3): ContainerSpec {
  const { networks, etcd: addresses } = addressesOf(input.installation)
  const component = componentOf(`etcd-${n}`)
  const folder = `${input.home}/${component}`
  return confined(input, component, {
    image: input.images.database,
    command: input.host.first
      ? renderEtcdCommand(input.installation, input.home)
      : ['etcd', `--config-file=${folder}/${ETCD_CONFIG}`],
    user: own(UID.etcd),
    networks: [{ name: networks.data.name, address: addresses[n - 1], aliases: [] }],
    mounts: [same(folder)],
    ...FIRST_IN_TURN,
    memoryMb: 512,
    processes: 128,
  })
}

function postgres(input: PlatformInput, n: 1 | 2): ContainerSpec {
  const { networks, postgres: addresses } = addressesOf(input.installation)
  const folder = `${input.home}/${HOME.postgres(n)}`
  const address = addresses[n - 1]
  return confined(input, HOME.postgres(n), {
    image: input.images.patroni,
    command: ['python3', PATRONI_START, `${folder}/patroni.yml`],
    user: own(UID.database),
    networks: [{ name: networks.data.name, ...(address ? { address } : {}), aliases: [] }],
    mounts: [same(folder)],
    tmpfs: { '/tmp': tmpfsFor(UID.database, 64), '/run/postgresql': tmpfsFor(UID.database, 1) },
    env: { HOME: '/tmp', PATRONICTL_CONFIG_FILE: `${folder}/patroni.yml`, LC_ALL: 'C.UTF-8' },
    // A clean shutdown hands everything to the standby and needs no recovery at the next start.
    stopTimeoutS: 30,
    shmMb: 128,
    ...FIRST_IN_TURN,
    memoryMb: 1536,
    processes: 512,
  })
}

function pgproxy(input: PlatformInput): ContainerSpec {
  const { networks, pgproxy: address } = addressesOf(input.installation)
  const folder = `${input.home}/${HOME.pgproxy}`
  const files = pgproxyFiles(input.home)
  return confined(input, 'pgproxy', {
    image: input.images.edge,
    command: ['haproxy', '-W', '-db', '-x', files.admin, '-f', files.config],
    user: own(UID.pgproxy),
    networks: [
      { name: networks.data.name, address: address.data, aliases: [POSTGRES_HOST] },
      { name: networks.apps.name, address: address.apps, aliases: [POSTGRES_HOST] },
    ],
    mounts: [same(folder, true), same(`${folder}/run`)],
    init: false,
    handOver: true,
    ...FIRST_IN_TURN,
    memoryMb: 256,
    processes: 64,
  })
}

function control(input: PlatformInput, service: ControlService): ContainerSpec {
  const { networks, [service]: address } = addressesOf(input.installation)
  const { home } = input
  return confined(input, service, {
    image: input.images.platform,
    command: ['node', bundledProgram('maru-server'), '--config', `${home}/${HOME.control}/config.json`],
    user: own(UID.control),
    networks: [
      { name: networks.data.name, address: address.data, aliases: [] },
      { name: networks.edge.name, address: address.edge, aliases: [] },
    ],
    mounts: [
      same(`${home}/${HOME.control}`, true),
      same(`${home}/${HOME.pki}/root.crt`, true),
      same(`${home}/${HOME.run}/control`),
      same(`${home}/${HOME.run}/agent`, true),
      same(`${home}/${HOME.artifacts}`),
    ],
    tmpfs: { '/tmp': tmpfsFor(UID.control, 64) },
    env: { HOME: '/tmp' },
    stopTimeoutS: 20,
    memoryMb: 768,
    processes: 128,
  })
}

/** What the agent does itself: files of every owner, interfaces, processes of the containers. */
const AGENT_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'NET_ADMIN',
  'SETGID',
  'SETUID',
  'SYS_PTRACE',
]

/** The agent owns the host's engine, so nothing would be gained by confining it further than it needs. */
function agent(input: PlatformInput): ContainerSpec {
  const { home, hostCaBundle, canPrivilege } = input
  const sys = { source: '/sys', target: '/sys', readOnly: false }
  return confined(input, 'agent', {
    image: input.images.platform,
    command: ['node', bundledProgram('maru-agent'), '--config', `${home}/${HOME.agent}/config.json`],
    user: '0:0',
    networks: [{ name: 'host', aliases: [] }],
    mounts: [
      same(home),
      { source: '/run', target: HOST_RUN, readOnly: false },
      { source: '/sys/fs/cgroup', target: HOST_CGROUP, readOnly: false },
      same(hostCaBundle, true),
      ...(canPrivilege ? [] : [sys]),
    ],
    tmpfs: { '/tmp': 'rw,nosuid,nodev,size=256m,mode=1777' },
    env: { HOME: '/tmp', NODE_EXTRA_CA_CERTS: hostCaBundle },
    privileged: canPrivilege,
    capabilities: canPrivilege ? [] : AGENT_CAPABILITIES,
    pidMode: 'host',
    memoryMb: 768,
    processes: 512,
  })
}
