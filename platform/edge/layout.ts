import type { ContainerSpec } from '#contract/agent.ts'
import { HOME, type Installation, UID } from '#contract/installation.ts'

/** Where the edge's files are; the data folder has the same path inside the edge's container. */
export function edgeFiles(home: string) {
  const folder = `${home}/${HOME.edge}`
  return {
    folder,
    config: `${folder}/haproxy.cfg`,
    /** A new configuration waits here until HAProxy itself has found it good. */
    next: `${folder}/haproxy.cfg.next`,
    hosts: `${folder}/hosts.map`,
    /** Addresses of the other hosts, changed at run time. */
    members: `${folder}/members.list`,
    certificates: `${folder}/certs`,
    certificateList: `${folder}/certs.list`,
    defaultCertificate: `${folder}/certs/default.pem`,
    /** The installation's root: what the control plane's certificate is checked with. */
    root: `${folder}/root.crt`,
    /** What this edge shows to the edges of other hosts. */
    peerCertificate: `${folder}/certs/peer.pem`,
    pages: `${folder}/pages`,
    state: `${folder}/servers.state`,
    run: `${folder}/run`,
    admin: `${folder}/run/admin.sock`,
    master: `${folder}/run/master.sock`,
    /** Where a HAProxy teaches its successor what it has counted. */
    successor: `${folder}/run/successor.sock`,
  } as const
}

export const EDGE_COMPONENT = 'edge'
/** What is left of root's rights when HAProxy begins: it runs as a user of its own, and may open ports below 1024. */
const AS_EDGE = [
  'setpriv',
  `--reuid=${UID.edge}`,
  `--regid=${UID.edge}`,
  '--clear-groups',
  '--inh-caps=-all,+net_bind_service',
  '--ambient-caps=-all,+net_bind_service',
  '--bounding-set=-all,+net_bind_service',
] as const

/**
 * The edge's container, on the host's own network: it sees visitors' real addresses, and a successor can take its
 * listening sockets over (`-x`; where nobody listens on that socket, HAProxy opens its own). Its files are written by
 * `applyEdge` before it first starts.
 */
export function edgeContainer(installation: Installation, home: string, image: string): ContainerSpec {
  const files = edgeFiles(home)
  return {
    name: `${installation.name}-edge`,
    component: EDGE_COMPONENT,
    image,
    entrypoint: [],
    command: [
      ...AS_EDGE,
      ...['haproxy', '-W', '-db', '-S', `${files.master},mode,600`, '-x', files.admin, '-f', files.config],
    ],
    user: '0:0',
    env: {},
    labels: {},
    networks: [{ name: 'host', aliases: [] }],
    ports: [],
    mounts: [
      { source: files.folder, target: files.folder, readOnly: true },
      { source: files.run, target: files.run, readOnly: false },
    ],
    tmpfs: {},
    // The last is only used; the others lead to the edge's user and are gone before HAProxy begins.
    capabilities: ['SETGID', 'SETUID', 'SETPCAP', 'NET_BIND_SERVICE'],
    privileged: false,
    pidMode: 'own',
    readOnlyRoot: true,
    init: false,
    restart: 'always',
    handOver: true,
    // HAProxy's soft stop: established requests end first.
    stopSignal: 'SIGUSR1',
    stopTimeoutS: 10,
    memoryMb: 512,
    processes: 64,
    files: 65_536,
  }
}
