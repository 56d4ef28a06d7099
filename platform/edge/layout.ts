import type { ContainerSpec } from '#contract/agent.ts'
import { addressesOf, HOME, type Installation, UID } from '#contract/installation.ts'

/** Where the edge's files are; the data folder has the same path inside the edge's container. */
export function edgeFiles(home: string) {
  const folder = `${home}/${HOME.edge}`
  return {
    folder,
    config: `${folder}/haproxy.cfg`,
    /** A new configuration waits here until HAProxy itself has found it good. */
    next: `${folder}/haproxy.cfg.next`,
    hosts: `${folder}/hosts.map`,
    certificates: `${folder}/certs`,
    certificateList: `${folder}/certs.list`,
    defaultCertificate: `${folder}/certs/default.pem`,
    /** The installation's root: what the control plane's certificate is checked with. */
    root: `${folder}/root.crt`,
    pages: `${folder}/pages`,
    state: `${folder}/servers.state`,
    run: `${folder}/run`,
    admin: `${folder}/run/admin.sock`,
    master: `${folder}/run/master.sock`,
  } as const
}

export const EDGE_COMPONENT = 'edge'
/** Ports inside the container: no capability is needed to open them. */
export const EDGE_PORTS = { http: 8080, https: 8443 } as const

/** The edge's container. Its files are written by `applyEdge` before it first starts. */
export function edgeContainer(installation: Installation, home: string, image: string): ContainerSpec {
  const { networks, edge } = addressesOf(installation)
  const files = edgeFiles(home)
  return {
    name: `${installation.name}-edge`,
    component: EDGE_COMPONENT,
    image,
    entrypoint: [],
    command: ['haproxy', '-W', '-db', '-S', `${files.master},mode,600`, '-f', files.config],
    user: `${UID.edge}:${UID.edge}`,
    env: {},
    labels: {},
    networks: [
      { name: networks.edge.name, address: edge.edge, aliases: [] },
      { name: networks.apps.name, address: edge.apps, aliases: [] },
    ],
    ports: [
      { host: installation.ports.http, container: EDGE_PORTS.http },
      { host: installation.ports.https, container: EDGE_PORTS.https },
    ],
    mounts: [
      { source: files.folder, target: files.folder, readOnly: true },
      { source: files.run, target: files.run, readOnly: false },
    ],
    tmpfs: {},
    capabilities: [],
    privileged: false,
    pidMode: 'own',
    readOnlyRoot: true,
    init: false,
    restart: 'always',
    // HAProxy's soft stop: established requests end first.
    stopSignal: 'SIGUSR1',
    stopTimeoutS: 10,
    memoryMb: 512,
    processes: 64,
    files: 65_536,
  }
}
