import { RETIRED_FOR } from '#contract/agent.ts'
import { MESH_PORT } from '#contract/fleet.ts'
import { certificateNameOf, type HostAddress } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import type { MeshFiles } from './layout.ts'
import type { Mesh, Way } from './plan.ts'

const doorName = (service: string, port: number) => `${service}-${port}`
/** What a way asks for at a host's door (SNI); HAProxy also checks the certificate against it. */
const askedFor = (door: string, host: HostName) => `${door}.${certificateNameOf(host)}`

/** A peer that is gone without a word is noticed by unanswered data within this time (RFC 5482). */
const SILENT = 'tcp-ut 5s'

const common = (files: MeshFiles, name: string) => `global
  maxconn 4000
  log stdout format raw local0 notice
  stats socket ${files.admin(name)} mode 600 level admin expose-fd listeners
  hard-stop-after ${RETIRED_FOR}
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3

defaults
  mode tcp
  log global
  timeout connect 1s
  timeout client 24h
  timeout server 24h
  timeout check 2s
  timeout client-fin 10s
  retries 1
  option clitcpka
  option srvtcpka
`

/** HAProxy at the address of a service that is on another host: every connection goes there, over TLS. */
export function renderWay(way: Way, files: MeshFiles, name: string): string {
  const peer = certificateNameOf(way.host)
  const tls = `ssl verify required ca-file ${files.root} crt ${files.certificate} verifyhost ${peer}`
  const listeners = way.ports.map(
    (port) => `
listen ${doorName(way.service, port)}
  bind :${port} ${SILENT}
  server ${way.host} ${way.hostAddress}:${MESH_PORT} ${tls} sni str(${askedFor(doorName(way.service, port), way.host)}) ${SILENT} check inter 1s fastinter 300ms downinter 300ms fall 3 rise 1
`,
  )
  return `${common(files, name)}${listeners.join('')}`
}

/** HAProxy that lets the other hosts in, and leads each to the service of this host that it asks for. */
export function renderDoor(mesh: Mesh, own: HostAddress, files: MeshFiles, name: string): string {
  const members = mesh.members.filter((host) => host !== mesh.self).map(certificateNameOf)
  const services = mesh.doors.flatMap(({ service, address, ports }) =>
    ports.map((port) => ({ name: doorName(service, port), server: `${address}:${port}` })),
  )
  const uses = services.map(
    ({ name: one }) => `  use_backend ${one} if { ssl_fc_sni -m str ${askedFor(one, mesh.self)} }\n`,
  )
  const backends = services.map(
    ({ name: one, server }) => `
backend ${one}
  server here ${server} ${SILENT}
`,
  )
  return `${common(files, name)}
frontend door
  bind ${own}:${MESH_PORT} ssl crt ${files.certificate} ca-file ${files.root} verify required ${SILENT}
  tcp-request content reject unless { ssl_c_s_dn(cn) -m str ${members.join(' ')} }
${uses.join('')}${backends.join('')}`
}
