import type { ControlService } from '#contract/fleet.ts'
import { CONTROL_NAME } from '#contract/host-identity.ts'
import type { Installation } from '#contract/installation.ts'
import { addressesOf } from '#contract/installation.ts'
import { crowdRules, crowdSection } from './crowds.ts'
import { LAST_RESORT, lastResortSection } from './last-resort.ts'
import { edgeFiles } from './layout.ts'
import { EDGE_LIMITS } from './limits.ts'
import {
  backendsOf,
  type EdgeBackend,
  type EdgePeer,
  type EdgeSelf,
  PEER_BACKEND,
  peerWords,
  renderPeerDoor,
  renderPeerFiles,
} from './peers.ts'
import { SUCCESSOR, signInRules, signInSections } from './sign-ins.ts'
import { SERVING_WEIGHT } from './weights.ts'

/** One instance of an app's web process as the edge knows it. */
export interface EdgeServer {
  /** Such as web.1.v3.0: process, index, release, epoch. */
  readonly name: string
  readonly address: string
  readonly port: number
  /** Gets requests; otherwise it is only checked, and what is under way ends in peace. */
  readonly serves: boolean
}

export interface EdgeApp {
  readonly app: string
  readonly appId: string
  readonly hostNames: readonly string[]
  readonly servers: readonly EdgeServer[]
  /** Other hosts that have instances of it, too. */
  readonly peers?: readonly EdgePeer[]
}

/** Everything that the edge's configuration depends on. */
export interface EdgeInput {
  readonly installation: Pick<Installation, 'name' | 'domain' | 'ports' | 'subnet'>
  readonly home: string
  /** The host's kernel speaks IPv6. */
  readonly ipv6: boolean
  /** Set where there are other hosts. */
  readonly self?: EdgeSelf | undefined
  /** The control planes, the one to ask first at the beginning; where nothing is said, the first host's alone. */
  readonly controls?: readonly ControlService[] | undefined
  /** The platform's own name has no certificate here yet. */
  readonly nameless?: boolean
  readonly apps: readonly EdgeApp[]
}

export const CONTROL_BACKEND = 'control'
/** The stick table in which the edge sums up how long answers take. */
export const TIMES_TABLE = 'times'
/**
 * To the one of eight drawn servers that has the fewest requests: never by a tree that a request to a server without weight breaks
 * (docs/decisions/0045).
 */
const BALANCE = 'balance random(8)'

/**
 * How the instances are checked; the runtime API gets the same words when it adds one. One that starts is down until it
 * listens, and a deploy waits for it: so what is down is asked often.
 */
export const CHECK = 'check inter 300ms fastinter 150ms downinter 100ms fall 2 rise 1'

/** An app's backend: by id, because names can be given again to another app. */
export const backendOf = (app: Pick<EdgeApp, 'appId'>) => `app.${app.appId}`

/** Mozilla's "intermediate" profile, version 5.7. */
const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')
const SUITES = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

const section = (head: string, lines: readonly string[]) =>
  `${[head, ...lines.map((line) => `  ${line}`)].join('\n')}\n`

/**
 * The whole haproxy.cfg. `mark` identifies everything that only a reload can change; the running process shows it in
 * `show info`, so that it can be asked what it runs with.
 */
export function renderEdge(input: EdgeInput, mark: string): string {
  return [
    renderGlobal(input, mark),
    renderDefaults(input),
    renderHttpFrontend(input),
    renderHttpsFrontend(input),
    renderTimes(),
    ...[crowdSection(), ...signInSections(edgeFiles(input.home).successor), lastResortSection()].map(
      ({ head, lines }) => section(head, lines),
    ),
    renderControl(input),
    ...(input.self === undefined ? [] : renderPeers(input, input.self)),
    ...[...input.apps]
      .sort((a, b) => (a.appId < b.appId ? -1 : 1))
      .flatMap((app) =>
        backendsOf(app, backendOf(app), input.self !== undefined).map((one) => renderApp(input, app, one)),
      ),
  ].join('\n')
}

function renderGlobal(input: EdgeInput, mark: string): string {
  const files = edgeFiles(input.home)
  return section('global', [
    `description ${mark}`,
    'log stdout format raw daemon',
    `localpeer ${SUCCESSOR}`,
    `stats socket ${files.admin} mode 600 level admin expose-fd listeners`,
    'stats timeout 1m',
    `server-state-file ${files.state}`,
    'fd-hard-limit 60000',
    // An old worker may finish long downloads and web sockets for so long after a reload.
    'hard-stop-after 5m',
    'tune.bufsize 32768',
    'tune.maxrewrite 8192',
    'tune.h2.fe.max-concurrent-streams 100',
    'tune.h2.fe.glitches-threshold 1000',
    `ssl-default-bind-ciphers ${CIPHERS}`,
    `ssl-default-bind-ciphersuites ${SUITES}`,
    'ssl-default-bind-curves X25519:prime256v1:secp384r1',
    'ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets prefer-client-ciphers',
    'ssl-default-server-options ssl-min-ver TLSv1.2',
  ])
}

function renderDefaults(input: EdgeInput): string {
  const { pages } = edgeFiles(input.home)
  return section('defaults', [
    'mode http',
    'log global',
    'option httplog',
    'option dontlognull',
    'option dontlog-normal',
    // Browsers keep spare connections: one on which nothing was ever sent is no request that did not end.
    'option http-ignore-probes',
    // Without this, a client that reuses its connection during a reload meets a closed door.
    'option idle-close-on-response',
    'option redispatch 1',
    'retries 3',
    'retry-on conn-failure empty-response',
    'http-reuse safe',
    'load-server-state-from-file global',
    'default-server init-addr last,none',
    'timeout connect 2s',
    'timeout check 2s',
    'timeout queue 10s',
    `timeout http-request ${EDGE_LIMITS.requestTimeoutS}s`,
    'timeout http-keep-alive 30s',
    `timeout client ${EDGE_LIMITS.idleTimeoutS}s`,
    'timeout client-fin 10s',
    `timeout server ${EDGE_LIMITS.answerTimeoutS}s`,
    'timeout server-fin 10s',
    `timeout tunnel ${EDGE_LIMITS.tunnelTimeoutS}s`,
    `errorfile 502 ${pages}/502.http`,
    `errorfile 503 ${pages}/503.http`,
    `errorfile 504 ${pages}/504.http`,
  ])
}

/** Rules of both frontends: caps by source, then the host name's backend or a page that names nothing. */
function renderDoor(input: EdgeInput): string[] {
  const { hosts } = edgeFiles(input.home)
  return [
    ...crowdRules(input.installation.subnet),
    'http-request set-var(txn.host) req.hdr(host),host_only,lower',
    `http-request set-var(txn.backend) var(txn.host),map(${hosts})`,
    'http-request return status 404 content-type text/plain string "Not found\\n" unless { var(txn.backend) -m found }',
  ]
}

const binds = ({ ipv6 }: EdgeInput, port: number, settings = ''): string[] => [
  `bind :${port}${settings}`,
  ...(ipv6 ? [`bind :::${port} v6only${settings}`] : []),
]

function renderHttpFrontend(input: EdgeInput): string {
  const { https } = input.installation.ports
  const port = https === 443 ? '' : `:${https}`
  return section('frontend http', [
    ...binds(input, input.installation.ports.http),
    ...renderDoor(input),
    `http-request redirect code 308 location https://%[var(txn.host)]${port}%[pathq]`,
  ])
}

function renderHttpsFrontend(input: EdgeInput): string {
  const { certificateList } = edgeFiles(input.home)
  return section('frontend https', [
    ...binds(input, input.installation.ports.https, ` ssl crt-list ${certificateList} alpn h2,http/1.1`),
    ...renderDoor(input),
    'http-request set-var(txn.id) uuid()',
    'http-after-response set-header Strict-Transport-Security "max-age=31536000; includeSubDomains"',
    'http-after-response set-header X-Request-Id %[var(txn.id)] if { var(txn.id) -m found }',
    // A connection made for one app's name must not carry requests for another's.
    'http-request return status 421 content-type text/plain string "Misdirected request\\n" if { ssl_fc_has_sni } !{ ssl_fc_sni,lower,strcmp(txn.host) eq 0 }',
    ...signInRules(CONTROL_BACKEND),
    // Counts from here on, where the app is certain: what this table counts, and when, is read in traffic.ts.
    'http-request set-var(txn.began) date(0,us)',
    `http-request track-sc1 var(txn.backend) table ${TIMES_TABLE}`,
    'http-after-response set-var(txn.took) date(0,us),sub(txn.began),div(100) if { var(txn.began) -m found }',
    // A clock that was set back makes no negative time.
    'http-after-response sc-inc-gpc(0,1) if { var(txn.took) -m int ge 0 }',
    'http-after-response sc-add-gpc(1,1) var(txn.took) if { var(txn.took) -m int gt 0 }',
    `http-request return status 413 content-type text/plain string "The request is too large\\n" if { req.hdr_val(content-length) gt ${EDGE_LIMITS.bodyBytes} }`,
    // What a client says about itself is not believed.
    ...[
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'X-Forwarded-Port',
      'X-Real-IP',
      'Forwarded',
    ].map((name) => `http-request del-header ${name}`),
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Proto https',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    `http-request set-header X-Forwarded-Port ${input.installation.ports.https}`,
    'http-request set-header X-Request-Id %[var(txn.id)]',
    // A request that changes something is never sent twice.
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    'use_backend %[var(txn.backend)]',
  ])
}

/**
 * Answers and their summed times by backend, in tenths of a millisecond: HAProxy's own figure is an average of the last
 * 1,024 answers only.
 */
const renderTimes = () =>
  section(`backend ${TIMES_TABLE}`, ['stick-table type string len 64 size 20k nopurge store gpc(2)'])

function renderControl(input: EdgeInput): string {
  const addresses = addressesOf(input.installation)
  const files = edgeFiles(input.home)
  const tls = `ssl verify required ca-file ${files.root} sni str(${CONTROL_NAME}) verifyhost ${CONTROL_NAME}`
  return section(`backend ${CONTROL_BACKEND}`, [
    // Who leaves a stream that says nothing would be noticed only when its time is over; until then it counts as open.
    'option abortonclose',
    // Its own errors are better than the edge's, so only "does not accept connections" counts as down.
    `errorfile 502 ${files.pages}/control.http`,
    `errorfile 503 ${files.pages}/control.http`,
    `errorfile 504 ${files.pages}/control.http`,
    ...(input.controls ?? ['control']).map(
      (name, at) =>
        `server ${name} ${addresses[name].edge}:${addresses.controlPort} ${tls} check inter 500ms fastinter 200ms fall 2 rise 1 check-sni ${CONTROL_NAME}${at === 0 ? '' : ' backup'}`,
    ),
  ])
}

const renderPeers = (input: EdgeInput, self: EdgeSelf): string[] => [
  section('frontend peers', renderPeerDoor(self, edgeFiles(input.home))),
  section(`backend ${PEER_BACKEND}`, renderPeerFiles(self.host, edgeFiles(input.home))),
]

/** An app's backend. Any answer below 500 on /health is a living instance: not every app has that page. */
function renderApp(input: EdgeInput, app: EdgeApp, { name, servers, peers }: EdgeBackend): string {
  const host = app.hostNames[0] ?? app.app
  const files = edgeFiles(input.home)
  return section(`backend ${name}`, [
    BALANCE,
    ...(input.self === undefined ? [] : ['option allbackups']),
    'option httpchk',
    `http-check send meth GET uri /health ver HTTP/1.1 hdr Host ${host} hdr User-Agent maru-edge hdr X-Forwarded-Proto https`,
    'http-check expect status 200-499',
    ...LAST_RESORT,
    ...[...servers]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((server) => `server ${serverWords(server)}`),
    ...peers.map((peer) => `server ${peerWords(peer, files)}`),
  ])
}

/** A server's line after the word `server`, for the file and for the runtime API. */
export const serverWords = (server: EdgeServer, prefix = '') =>
  `${prefix}${server.name} ${server.address}:${server.port} ${CHECK} weight ${server.serves ? SERVING_WEIGHT : 0}`
