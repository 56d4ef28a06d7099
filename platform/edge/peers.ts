import { PEER_PORT } from '#contract/fleet.ts'
import type { EdgeApp, EdgeServer } from './render.ts'
import { SERVING_WEIGHT } from './weights.ts'

/** Another host's edge, which has instances of an app. */
export interface EdgePeer {
  readonly host: string
  readonly address: string
}

/** This host as the other edges know it. */
export interface EdgeSelf {
  readonly host: string
  /** Addresses of the other hosts: nobody else's edge is let in. */
  readonly members: readonly string[]
  /** Where tests have several edges on one machine. */
  readonly port?: number
}

/** Backend that leads nowhere; what runtime commands refer to has to be loaded with the configuration. */
export const PEER_BACKEND = 'peers'
/** What the certificates of all edges are issued to; of the authority's others none is. */
export const PEER_SUBJECT = 'edge.maru.internal'

/** Name by which one edge knows another as a server. */
export const peerName = (host: string) => `${host}.${PEER_SUBJECT}`

/** A backend as the plan sees it: what it is called, and who answers there. */
export interface EdgeBackend {
  readonly name: string
  readonly servers: readonly EdgeServer[]
  /** Asked when none of the servers can answer. */
  readonly peers: readonly EdgePeer[]
  /** For the requests of other edges: they learn later than this one that a server is on its way out. */
  readonly forPeers: boolean
}

/** Backend for requests that come from other hosts' edges: never leads to a third host, so nothing goes round. */
export const inwardOf = (backend: string) => `in.${backend}`

/** The backends of an app: one for its users, and where there are other hosts, one for those. */
export function backendsOf(app: EdgeApp, name: string, hasPeers: boolean): EdgeBackend[] {
  const own = { name, servers: app.servers, peers: app.peers ?? [], forPeers: false }
  return hasPeers ? [own, { ...own, name: inwardOf(name), peers: [], forPeers: true }] : [own]
}

/** The edge's name for another host. */
export const peerServer = (peer: EdgePeer) => `peer.${peer.host}`

interface PeerFiles {
  readonly root: string
  readonly peerCertificate: string
}

const PEER_CHECK = 'inter 300ms fastinter 150ms downinter 200ms fall 2 rise 1'
const tlsTo = (peer: string, files: PeerFiles) =>
  `ssl verify required ca-file ${files.root} crt ${files.peerCertificate} sni str(${peer}) verifyhost ${peer} check-sni ${peer} check-ssl`

/**
 * A peer's line after the word `server`. Its check asks for the app itself, so it is up when the app is up there; the check of
 * one that is added at run time is encrypted only where that is said.
 */
export const peerWords = (peer: EdgePeer, files: PeerFiles, prefix = '', weight = SERVING_WEIGHT) =>
  `${prefix}${peerServer(peer)} ${peer.address}:${PEER_PORT} ${tlsTo(peerName(peer.host), files)} check ${PEER_CHECK} weight ${weight} backup`

/**
 * The door for other hosts' edges: only they have a certificate with such a name. The one of a host that was removed is good for months:
 * it has to come from a member's address, too. Whoever does not is sent away before anything is said, so that a check fails as well.
 */
export function renderPeerDoor(
  { port = PEER_PORT }: EdgeSelf,
  files: PeerFiles & { readonly hosts: string; readonly members: string },
): string[] {
  return [
    `bind :${port} ssl crt ${files.peerCertificate} ca-file ${files.root} verify required alpn h2,http/1.1`,
    `tcp-request connection reject unless { src -f ${files.members} }`,
    // What was open before the host was removed.
    `http-request reject unless { src -f ${files.members} }`,
    `http-request deny deny_status 403 unless { ssl_c_s_dn(cn) -m str ${PEER_SUBJECT} }`,
    'http-request set-var(txn.host) req.hdr(host),host_only,lower',
    `http-request set-var(txn.backend) var(txn.host),map(${files.hosts})`,
    'http-request return status 404 content-type text/plain string "Not found\\n" unless { var(txn.backend) -m beg app. }',
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    `use_backend ${inwardOf('%[var(txn.backend)]')}`,
  ]
}

/** The members' addresses as HAProxy reads them. */
export const renderMembers = (members: readonly string[]): string =>
  [...members]
    .sort()
    .map((address) => `${address}\n`)
    .join('')

/** What makes a running edge know these members and no others; `shown` is its answer to `show acl FILE`. */
export function planMembers(members: readonly string[], file: string, shown: string): string[] {
  const known = [...shown.matchAll(/^0x[0-9a-f]+ (\S+)$/gm)].map(([, address = '']) => address)
  return [
    ...members.filter((one) => !known.includes(one)).map((one) => `add acl ${file} ${one}`),
    ...known.filter((one) => !members.includes(one)).map((one) => `del acl ${file} ${one}`),
  ]
}

/** Refers to the files that servers which are added later refer to. */
export const renderPeerFiles = (host: string, files: PeerFiles): string[] => [
  `server files 127.0.0.1:${PEER_PORT} ssl verify required ca-file ${files.root} crt ${files.peerCertificate} sni str(${peerName(host)}) disabled`,
]
