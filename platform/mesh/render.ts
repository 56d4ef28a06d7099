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

/**
 * HAProxy at the address of a service that is on another host: every connection goes there, over TLS. Whether the host is there
 * is asked once for all ports, and by the host's own name: its door answers that itself, so that no service is troubled.
 */
export function renderWay(way: Way, files: MeshFiles, name: string): string {
  const peer = certificateNameOf(way.host)
  const tls = `ssl verify required ca-file ${files.root} crt ${files.certificate} verifyhost ${peer}`
  const [first = 0] = way.ports
  const listeners = way.ports.map((port) => {
    const door = doorName(way.service, port)
    const check =
      port === first
        ? `check check-sni ${peer} inter 1s fastinter 300ms downinter 300ms fall 3 rise 1`
        : `track ${doorName(way.service, first)}/${way.host}`
    return `
listen ${door}
  bind :${port} ${SILENT}
  server ${way.host} ${way.hostAddress}:${MESH_PORT} ${tls} sni str(${askedFor(door, way.host)}) ${SILENT} ${check}
`
  })
  return `${common(files, name)}${listeners.join('')}`
}

/**
 * HAProxy that lets the other hosts in, and leads each to the service of this host that it asks for. A name is let in from its host's
 * address only: the certificate of a host that was removed is good for days, also when another has its name by now. Who asks for the
 * host itself only looks whether it is there, and closes: the door waits for that, so that the session is taken up again by the next look.
 */
export function renderDoor(mesh: Mesh, own: HostAddress, files: MeshFiles, name: string): string {
  // A line for each: HAProxy reads 64 words of one.
  const members = mesh.members
    .filter((host) => host.name !== mesh.self)
    .map(
      ({ address, name }) =>
        `  acl member src,concat(/,sess.name) -m str ${address}/${certificateNameOf(name)}\n`,
    )
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
  tcp-request content set-var(sess.name) ssl_c_s_dn(cn)
${members.join('')}  tcp-request content reject unless member
  tcp-request inspect-delay 2s
  tcp-request content reject if { ssl_fc_sni -m str ${certificateNameOf(mesh.self)} } WAIT_END
${uses.join('')}${backends.join('')}`
}
