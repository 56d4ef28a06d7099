import { z } from 'zod'
import { HostIdentity } from './host-identity.ts'
import { Instant } from './ids.ts'

/** Files and folders of an installation, relative to its data folder (default /var/lib/maru). */
export const HOME = {
  installation: 'installation.json',
  /** Which host of the installation this machine is. */
  host: 'host.json',
  /** Marks an installation on which nobody depends: drills may break it. */
  lab: 'lab',
  platform: 'platform.json',
  secrets: 'secrets',
  pki: 'pki',
  run: 'run',
  logs: 'logs',
  control: 'control',
  agent: 'agent',
  /** A host's own key, which never leaves it, and its certificate; the first host has them from when there are others. */
  hostKey: 'agent/host.key',
  hostCertificate: 'agent/host.crt',
  /** Those that take their place when the control plane knows the key. */
  nextHostKey: 'agent/host.next.key',
  nextHostCertificate: 'agent/host.next.crt',
  /** All hosts and what is on which, as the control plane said last. */
  fleet: 'agent/fleet.json',
  /** What a joined host's edge has asked certificates for, with the keys that wait for them. */
  edgeAsked: 'agent/edge-asked.json',
  /** There when the host was told that it does not belong to the installation any more. */
  removed: 'agent/removed',
  edge: 'edge',
  pgproxy: 'pgproxy',
  mesh: 'mesh',
  /** What keeps the address that the hosts of a data centre share. */
  address: 'address',
  /** What reads the traffic of the apps. */
  detector: 'detector',
  /** What speaks BGP to providers. */
  upstream: 'upstream',
  /** What was fetched of rules of others, as it came. */
  ruleSet: 'rule-set',
  /** What apps ask for names. */
  resolver: 'resolver',
  etcd: 'etcd',
  postgres: (n: number) => `postgres-${n}`,
  artifacts: 'artifacts',
  sources: 'artifacts/sources',
  slugs: 'artifacts/slugs',
} as const

/** Sockets in `run/`. `root.sock` is for root on the host; the others join the control plane and the agent. */
export const SOCKETS = {
  root: 'root.sock',
  /** On a joined host: the agent's API for root. */
  host: 'host.sock',
  control: 'control/control.sock',
  agent: 'agent/agent.sock',
} as const

/** The user (and group) that the control plane, builders and apps run as inside containers. */
export const UID = {
  control: 10001,
  app: 10002,
  build: 10003,
  edge: 10004,
  database: 10005,
  etcd: 10006,
  pgproxy: 10007,
  mesh: 10008,
  detector: 10009,
  upstream: 10010,
  resolver: 10011,
  ruleSet: 10012,
} as const

/** Where the host's tree of control groups is inside the agent. */
export const HOST_CGROUP = '/host/cgroup'

/** Where systemd owns the tree: the slice that has a slice of its own for each build below it. */
export const BUILD_SLICE = 'maru-build'

/** Number of a member of the database pair, from 1, by its name: `postgres-1`. */
export const numberOfMember = (member: string): number => Number(member.slice('postgres-'.length))

/** Name by which instances reach the database proxy; it is in the servers' certificates. */
export const POSTGRES_HOST = 'postgres.maru.internal'
/** Where the installation's root certificate is inside every instance. */
export const INSTANCE_CA = '/etc/maru/ca.crt'
export const INSTANCE_PORT = 8080

export const InstallationName = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,8}$/, 'must be 1 to 9 lower-case letters and digits, starting with a letter')
  .describe('Name of the installation; prefix of everything it owns')

/** Made by the first `maru up`; never changed by hand. */
export const Installation = z.strictObject({
  id: z.string().describe('Random id; the value of the label maru.owner on every object it owns'),
  name: InstallationName,
  domain: z.string().describe('Apps are at https://APP.DOMAIN, the platform at https://DOMAIN'),
  createdAt: Instant,
  ports: z.strictObject({ http: z.number().int(), https: z.number().int() }),
  /** One /16, such as 10.89; networks are cut from it. */
  subnet: z
    .string()
    .regex(/^\d+\.\d+$/)
    .describe('First two octets of the address range'),
})
export type Installation = z.infer<typeof Installation>

/** Fixed addresses and networks of an installation, all derived from its name and range. */
export function addressesOf(installation: Pick<Installation, 'name' | 'subnet'>) {
  const { name, subnet } = installation
  return {
    networks: {
      data: {
        name: `${name}-data`,
        subnet: `${subnet}.0.0/24`,
        gateway: `${subnet}.0.1`,
        bridge: `${name}-data0`,
        internal: true,
      },
      edge: {
        name: `${name}-edge`,
        subnet: `${subnet}.1.0/24`,
        gateway: `${subnet}.1.1`,
        bridge: `${name}-edge0`,
        internal: false,
      },
      build: {
        name: `${name}-build`,
        subnet: `${subnet}.2.0/24`,
        gateway: `${subnet}.2.1`,
        bridge: `${name}-bld0`,
        internal: false,
      },
      apps: {
        name: `${name}-apps`,
        subnet: `${subnet}.128.0/17`,
        gateway: `${subnet}.128.1`,
        bridge: `${name}-apps0`,
        internal: false,
      },
    },
    etcd: [`${subnet}.0.10`, `${subnet}.0.13`, `${subnet}.0.14`] as const,
    postgres: [`${subnet}.0.11`, `${subnet}.0.12`] as const,
    pgproxy: { data: `${subnet}.0.20`, apps: `${subnet}.128.20` },
    control: { data: `${subnet}.0.30`, edge: `${subnet}.1.30` },
    'control-2': { data: `${subnet}.0.31`, edge: `${subnet}.1.31` },
    /** The edge is on the host's own network: containers find it at these addresses, and see it come from them. */
    edge: { edge: `${subnet}.1.1`, apps: `${subnet}.128.1` },
    /** Where apps ask for names; two, so that one can be replaced while the other answers. */
    names: [`${subnet}.128.1`, `${subnet}.1.1`] as const,
    controlPort: 7700,
    etcdPorts: { client: 2379, peer: 2380 },
    postgresPort: 5432,
    patroniPort: 8008,
  } as const
}

/** The platform's own address; the port is left out where it is 443. */
export const urlOf = (installation: Pick<Installation, 'domain' | 'ports'>, host = installation.domain) =>
  `https://${host}${installation.ports.https === 443 ? '' : `:${installation.ports.https}`}`

/** What the control plane reads at start: HOME.control/config.json, owned by UID.control, mode 0600. */
export const ControlConfig = z.strictObject({
  installation: Installation,
  version: z.string(),
  host: HostIdentity.describe('The host that it runs on'),
  database: z.strictObject({
    host: z.string(),
    port: z.number().int(),
    user: z.string(),
    password: z.string(),
    name: z.string(),
    caFile: z.string(),
  }),
  /** What apps get in DATABASE_URL. */
  appDatabase: z.strictObject({ host: z.string(), port: z.number().int() }),
  patroni: z.array(z.strictObject({ member: z.string(), url: z.string() })),
  patroniCa: z.string(),
  masterKeyFile: z.string().describe('32 random bytes, base64; outside the database and never in a backup'),
  authSecretFile: z.string(),
  caFile: z.string(),
  artifactsDir: z.string(),
  agentSocket: z.string(),
  controlSocket: z.string().describe('Unix socket for root on the host, reached through the agent'),
  listen: z.strictObject({
    host: z.string(),
    port: z.number().int(),
    certFile: z.string(),
    keyFile: z.string(),
  }),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})
export type ControlConfig = z.infer<typeof ControlConfig>

/** What the agent reads at start: HOME.agent/config.json, mode 0600. The data folder has the same path inside the agent. */
export const AgentConfig = z.strictObject({
  installation: Installation,
  version: z.string(),
  home: z.string(),
  dockerSocket: z.string(),
  host: HostIdentity,
  images: z.strictObject({
    app: z.string().describe('Stack image for Node apps and static sites'),
    builder: z.string(),
    database: z.string(),
    edge: z.string(),
    detector: z.string(),
  }),
  /** Certificate bundle of the host, mounted into builders so that a company's proxy is trusted there too. */
  hostCaBundle: z.string(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})
export type AgentConfig = z.infer<typeof AgentConfig>
