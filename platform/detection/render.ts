import { addressesOf, type Installation } from '#contract/installation.ts'
import type { DetectorFiles } from './layout.ts'
import type { DetectionRule } from './rule.ts'

/** How often the detector says how much it has read and missed. */
export const STATS_S = 5

const HEADS: Readonly<Record<DetectionRule['way'], (ports: string) => string>> = {
  in: (ports) => `any any -> $APPS ${ports}`,
  back: () => '$APPS any -> any any',
  out: (ports) => `$APPS any -> $OUTSIDE ${ports}`,
  asks: (ports) => `$APPS any -> any ${ports}`,
  door: (ports) => `$APPS any -> $DOOR ${ports}`,
}
const FLOWS: Readonly<Record<DetectionRule['way'], string>> = {
  in: 'flow:established,to_server',
  back: 'flow:established,to_client',
  out: 'flow:to_server',
  asks: 'flow:to_server',
  door: 'flow:established,to_server',
}

/** The rules as Suricata reads them, a line each. */
export const renderRules = (rules: readonly DetectionRule[]): string =>
  rules
    .map(({ sid, title, way, protocol, ports = 'any', match }) => {
      const options = [`msg:"${title}"`, FLOWS[way], ...match, `sid:${sid}`, 'rev:1']
      return `alert ${protocol} ${HEADS[way](ports)} (${options.join('; ')};)\n`
    })
    .join('')

/** The protocols that the rules speak of; all others are not taken apart. */
const PROTOCOLS = ['http', 'tls', 'dns', 'ftp', 'smtp', 'smb'] as const
const OTHERS = ['ssh', 'imap', 'rdp', 'nfs', 'tftp', 'ikev2', 'krb5', 'ntp', 'dhcp', 'sip', 'rfb', 'mqtt']
const MORE = [
  'snmp',
  'quic',
  'telnet',
  'pgsql',
  'modbus',
  'dnp3',
  'enip',
  'bittorrent-dht',
  'dcerpc',
  'http2',
]

const protocolLines = () =>
  [
    ...PROTOCOLS.map((name) => (name === 'dns' ? DNS : `    ${name}: {enabled: yes${SETTINGS[name] ?? ''}}`)),
    ...[...OTHERS, ...MORE].map((name) => `    ${name}: {enabled: no}`),
  ].join('\n')
const DNS = '    dns: {tcp: {enabled: yes}, udp: {enabled: yes}}'
const SETTINGS: Readonly<Record<string, string>> = {
  // Requests are read as they came in, answers only as far as their beginning.
  http: `, libhtp: {default-config: {personality: IDS, request-body-limit: 128kb, response-body-limit: 4kb,
      request-body-minimal-inspect-size: 32kb, request-body-inspect-window: 4kb,
      response-body-minimal-inspect-size: 4kb, response-body-inspect-window: 4kb,
      http-body-inline: auto, double-decode-path: no, double-decode-query: no}}`,
  tls: ', encryption-handling: bypass',
}

/** Names by which rules of others call what is here. */
const OTHERS_GROUPS = [
  ...['HOME_NET', 'HTTP_SERVERS', 'SMTP_SERVERS', 'SQL_SERVERS', 'DNS_SERVERS', 'TELNET_SERVERS'],
  ...['AIM_SERVERS', 'DC_SERVERS', 'DNP3_SERVER', 'DNP3_CLIENT', 'MODBUS_SERVER', 'MODBUS_CLIENT'],
  ...['ENIP_SERVER', 'ENIP_CLIENT'],
]
const OTHERS_PORTS = {
  ...{ HTTP_PORTS: 'any', SHELLCODE_PORTS: '!80', ORACLE_PORTS: '1521', SSH_PORTS: '22', FTP_PORTS: '21' },
  ...{ DNP3_PORTS: '20000', MODBUS_PORTS: '502', FILE_DATA_PORTS: 'any', GENEVE_PORTS: '6081' },
  ...{ VXLAN_PORTS: '4789', TEREDO_PORTS: '3544' },
}

const othersVars = () =>
  [
    ...OTHERS_GROUPS.map((name) => `    ${name}: "$APPS"\n`),
    '    EXTERNAL_NET: "any"\n  port-groups:\n',
    ...Object.entries(OTHERS_PORTS).map(([name, ports]) => `    ${name}: "${ports}"\n`),
  ].join('')

/**
 * The configuration of Suricata: reads the bridge of the apps, where requests are no longer encrypted, and tells the agent at once.
 * The edge keeps its connections to instances open, so they are followed from wherever they are, and to their end; they are read as they
 * pass (`inline`), because an answer would otherwise wait for the next one on its connection.
 */
export function renderDetector(
  installation: Pick<Installation, 'name' | 'subnet'>,
  files: Pick<DetectorFiles, 'socket'>,
): string {
  const { networks, edge } = addressesOf(installation)
  return `%YAML 1.1
---
vars:
  address-groups:
    APPS: "[${networks.apps.subnet},!${networks.apps.gateway}]"
    DOOR: "[${edge.apps}]"
    OUTSIDE: "[!${installation.subnet}.0.0/16]"
${othersVars()}logging: {default-log-level: warning, outputs: [{console: {enabled: yes}}]}
stats: {enabled: yes, interval: ${STATS_S}}
outputs:
  - eve-log:
      enabled: yes
      filetype: unix_stream
      filename: ${files.socket}
      xff: {enabled: yes, mode: extra-data, deployment: reverse, header: X-Forwarded-For}
      types:
        - alert: {metadata: {app-layer: yes, flow: no, rule: {metadata: no, raw: no}}}
        - stats: {totals: yes, threads: no, deltas: no}
af-packet:
  - interface: ${networks.apps.bridge}
    threads: 1
    cluster-id: 77
    cluster-type: cluster_flow
    defrag: yes
    use-mmap: yes
    tpacket-v3: yes
    # A frame that a sender's card would have cut is up to 64 KB long here.
    block-size: 262144
    ring-size: 20000
    block-timeout: 10
capture: {disable-offloading: no, checksum-validation: none}
app-layer:
  protocols:
${protocolLines()}
max-pending-packets: 512
runmode: workers
stream:
  memcap: 64mb
  checksum-validation: no
  midstream: true
  async-oneside: false
  inline: yes
  reassembly: {memcap: 96mb, depth: 0, toserver-chunk-size: 2560, toclient-chunk-size: 2560}
flow: {memcap: 32mb, hash-size: 16384, prealloc: 1000, emergency-recovery: 30}
defrag: {memcap: 8mb, hash-size: 1024, trackers: 1024, max-frags: 4096, prealloc: yes, timeout: 30}
host: {hash-size: 1024, prealloc: 100, memcap: 8mb}
detect: {profile: medium, sgh-mpm-context: auto, inspection-recursion-limit: 3000}
mpm-algo: auto
spm-algo: auto
pcre: {match-limit: 3500, match-limit-recursion: 1500}
unix-command: {enabled: no}
classification-file: /etc/suricata/classification.config
reference-config-file: /etc/suricata/reference.config
`
}
