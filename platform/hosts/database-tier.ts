import { RETIRED_FOR } from '#contract/agent.ts'
import { addressesOf, HOME, type Installation, POSTGRES_HOST } from '#contract/installation.ts'

/** Passwords of the roles that the database pair itself needs. */
export interface DatabasePasswords {
  readonly superuser: string
  readonly replication: string
  readonly rewind: string
}

type Place = Pick<Installation, 'id' | 'name' | 'subnet'>

/** The certificate files of a component, in its own folder. */
export const tlsFiles = (folder: string) => ({
  ca: `${folder}/tls/ca.crt`,
  cert: `${folder}/tls/server.crt`,
  key: `${folder}/tls/server.key`,
})

/** Command line of etcd: one member for now, TLS with client certificates on every port. */
export function renderEtcdCommand(installation: Place, home: string): string[] {
  const [etcd] = addressesOf(installation).etcd
  const folder = `${home}/${HOME.etcd}`
  const tls = tlsFiles(folder)
  const files = (prefix: string) => [
    `--${prefix}trusted-ca-file=${tls.ca}`,
    `--${prefix}cert-file=${tls.cert}`,
    `--${prefix}key-file=${tls.key}`,
    `--${prefix}client-cert-auth=true`,
  ]
  return [
    'etcd',
    '--name=etcd-1',
    `--data-dir=${folder}/data`,
    `--listen-client-urls=https://${etcd}:2379`,
    `--advertise-client-urls=https://${etcd}:2379`,
    `--listen-peer-urls=https://${etcd}:2380`,
    `--initial-advertise-peer-urls=https://${etcd}:2380`,
    `--initial-cluster=etcd-1=https://${etcd}:2380`,
    `--initial-cluster-token=${installation.id}`,
    ...files(''),
    ...files('peer-'),
    '--tls-min-version=TLS1.2',
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=1h',
    // Without it, a member that comes back forces an election and Patroni loses its store for seconds.
    '--pre-vote=true',
    '--log-level=warn',
  ]
}

/** What a member of etcd that joins one that is there reads at its first start (JSON, which is YAML too). */
export function renderJoiningEtcd(
  installation: Place,
  folder: string,
  name: 'etcd-1' | 'etcd-2' | 'etcd-3',
  members: ReadonlyArray<{ readonly name: string; readonly peerUrl: string }>,
): string {
  const { etcd, etcdPorts } = addressesOf(installation)
  const address = etcd[Number(name.slice('etcd-'.length)) - 1]
  const [client, peer] = [etcdPorts.client, etcdPorts.peer].map((port) => `https://${address}:${port}`)
  const tls = tlsFiles(folder)
  const security = {
    'trusted-ca-file': tls.ca,
    'cert-file': tls.cert,
    'key-file': tls.key,
    'client-cert-auth': true,
  }
  const config = {
    name,
    'data-dir': `${folder}/data`,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': members.map((one) => `${one.name}=${one.peerUrl}`).join(','),
    'initial-cluster-token': installation.id,
    'initial-cluster-state': 'existing',
    'client-transport-security': security,
    'peer-transport-security': security,
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '1h',
    'pre-vote': true,
    'log-level': 'warn',
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

/** Patroni's folder in etcd. */
const NAMESPACE = '/maru/'

/** Where etcd has the name of the member that leads the pair. */
export const leaderKey = ({ name }: Pick<Place, 'name'>) => `${NAMESPACE}${name}/leader`

/** Patroni's configuration of member `n` (JSON, which is YAML too). */
export function renderPatroni(
  installation: Place,
  home: string,
  n: 1 | 2,
  passwords: DatabasePasswords,
  stores: readonly string[] = [addressesOf(installation).etcd[0]],
): string {
  const addresses = addressesOf(installation)
  const address = addresses.postgres[n - 1]
  const folder = `${home}/${HOME.postgres(n)}`
  const tls = tlsFiles(folder)
  const config = {
    scope: installation.name,
    namespace: NAMESPACE,
    name: HOME.postgres(n),
    restapi: {
      listen: `${address}:${addresses.patroniPort}`,
      connect_address: `${address}:${addresses.patroniPort}`,
      certfile: tls.cert,
      keyfile: tls.key,
      cafile: tls.ca,
      // Reading is for everyone on this network; changing anything takes a certificate of this installation.
      verify_client: 'optional',
    },
    ctl: { cacert: tls.ca, certfile: tls.cert, keyfile: tls.key },
    etcd3: {
      hosts: stores.map((store) => `${store}:${addresses.etcdPorts.client}`),
      protocol: 'https',
      cacert: tls.ca,
      cert: tls.cert,
      key: tls.key,
    },
    bootstrap: { dcs: clusterSettings(), initdb: INITDB },
    postgresql: {
      listen: `${address}:${addresses.postgresPort}`,
      connect_address: `${address}:${addresses.postgresPort}`,
      data_dir: `${folder}/data/pgdata`,
      bin_dir: '/usr/lib/postgresql/17/bin',
      pgpass: '/tmp/pgpass',
      use_unix_socket: true,
      use_unix_socket_repl: true,
      // Without it a new standby waits minutes for the primary's next checkpoint.
      basebackup: [{ checkpoint: 'fast' }],
      authentication: authentication(passwords, tls.ca),
      parameters: {
        unix_socket_directories: '/run/postgresql',
        ssl: 'on',
        ssl_ca_file: tls.ca,
        ssl_cert_file: tls.cert,
        ssl_key_file: tls.key,
      },
      pg_hba: renderHba(installation),
    },
    // Off; a margin that fits the short lease keeps Patroni from saying so every second.
    watchdog: { mode: 'off', safety_margin: -1 },
    log: { level: 'INFO' },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

/**
 * Who may connect: TLS only, passwords only as SCRAM, the cluster's own roles only from inside the cluster. What comes from
 * other hosts comes from the gateway.
 */
export function renderHba(installation: Place): string[] {
  const { postgres, pgproxy, networks } = addressesOf(installation)
  const members = [...postgres, networks.data.gateway]
  return [
    'local all all scram-sha-256',
    'local replication replicator scram-sha-256',
    ...members.map((address) => `hostssl replication replicator ${address}/32 scram-sha-256`),
    ...members.map((address) => `hostssl all postgres,rewind ${address}/32 scram-sha-256`),
    'hostssl all postgres,rewind,replicator all reject',
    ...[pgproxy.data, networks.data.gateway].map((address) => `hostssl all all ${address}/32 scram-sha-256`),
  ]
}

const INITDB = [
  { encoding: 'UTF8' },
  { locale: 'C.UTF-8' },
  'data-checksums',
  { 'auth-host': 'scram-sha-256' },
]

function authentication(passwords: DatabasePasswords, ca: string) {
  const tls = { sslmode: 'verify-ca', sslrootcert: ca }
  return {
    superuser: { username: 'postgres', password: passwords.superuser, ...tls },
    replication: { username: 'replicator', password: passwords.replication, ...tls },
    rewind: { username: 'rewind', password: passwords.rewind, ...tls },
  }
}

/** Settings of the whole pair; Patroni keeps them in etcd from the first start on. */
export function clusterSettings() {
  return {
    // Shorter than Patroni 4 accepts by itself: docs/decisions/0015 says why that is safe. loop_wait + 2 × retry_timeout ≤ ttl.
    ttl: 5,
    loop_wait: 1,
    retry_timeout: 2,
    maximum_lag_on_failover: 1_048_576,
    primary_start_timeout: 0,
    primary_stop_timeout: 2, // docs/decisions/0015, Room
    synchronous_mode: true,
    failsafe_mode: false,
    check_timeline: true,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      // A member that cannot be set back is made anew from the primary, without anyone being asked.
      remove_data_directory_on_rewind_failure: true,
      parameters: CLUSTER_PARAMETERS,
    },
  }
}

const CLUSTER_PARAMETERS = {
  max_connections: 200,
  shared_buffers: '64MB',
  huge_pages: 'off',
  jit: 'off',
  wal_level: 'replica',
  hot_standby: 'on',
  wal_log_hints: 'on',
  max_wal_senders: 10,
  max_replication_slots: 10,
  wal_keep_size: '256MB',
  // A standby that is away for long is made anew rather than filling the primary's disk.
  max_slot_wal_keep_size: '2GB',
  max_wal_size: '1GB',
  wal_compression: 'on',
  password_encryption: 'scram-sha-256',
  ssl_min_protocol_version: 'TLSv1.2',
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 5000,
  // How long a write waits for a standby that is silent; Patroni's next loop then goes on without it.
  wal_sender_timeout: '3s',
  wal_receiver_timeout: '3s',
  wal_receiver_status_interval: '1s',
  wal_retrieve_retry_interval: '500ms',
  log_line_prefix: '%m [%p] %u@%d ',
  log_min_duration_statement: '5s',
} as const

/** Where the files of the proxy before the pair are; the data folder has the same path inside. */
export function pgproxyFiles(home: string) {
  const folder = `${home}/${HOME.pgproxy}`
  return {
    config: `${folder}/haproxy.cfg`,
    ca: `${folder}/ca.crt`,
    state: `${folder}/servers.state`,
    admin: `${folder}/run/admin.sock`,
  } as const
}

/**
 * HAProxy before the pair: connections lead to whoever Patroni says is the primary, and end when it is not any more. A
 * check's handshake may take as long as `inter`: with 300 ms a busy machine's primary was taken for dead. A new primary is
 * seen by `downinter`, so that patience with the old one costs nothing. To OPTIONS Patroni says yes or no and nothing more
 * (images/patroni/start-patroni.py: no until it takes writes), while an answer that nobody reads to its end fills its log. A process whose successor serves checks nobody any more: a
 * server that is gone is noticed there by its silence. No bandwidth reaches the limit: its filter ends who waits for one (decision 15).
 */
export function renderPgproxy(installation: Place, home: string): string {
  const { postgres, patroniPort, postgresPort } = addressesOf(installation)
  const files = pgproxyFiles(home)
  const servers = postgres.map(
    (address, index) => `  server ${HOME.postgres(index + 1)} ${address}:${postgresPort}`,
  )
  return `global
  maxconn 1000
  log stdout format raw local0 notice
  stats socket ${files.admin} mode 600 level admin expose-fd listeners
  server-state-file ${files.state}
  hard-stop-after ${RETIRED_FOR}
  ssl-default-server-options ssl-min-ver TLSv1.2

defaults
  mode tcp
  log global
  timeout connect 1s
  timeout client 24h
  timeout server 24h
  timeout check 1s
  retries 5
  option redispatch 1
  option clitcpka
  option srvtcpka
  srvtcpka-idle 5s
  srvtcpka-intvl 2s
  srvtcpka-cnt 3
  load-server-state-from-file global

listen primary
  bind :${postgresPort}
  filter bwlim-in none default-limit 1g default-period 1s
  tcp-request content set-bandwidth-limit none
  option httpchk
  http-check send meth OPTIONS uri /primary
  http-check expect status 200
  default-server check port ${patroniPort} check-ssl verify required ca-file ${files.ca} verifyhost ${POSTGRES_HOST} tcp-ut 5s inter 1s fastinter 150ms downinter 200ms fall 3 rise 1 on-marked-down shutdown-sessions
${servers.join('\n')}
`
}
