import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import {
  type AskedCertificates,
  checkConfig,
  type EdgeDeps,
  edgeFiles,
  issuedBy,
  makeRests,
  makeTrafficReader,
  openAskedCertificates,
  type TrafficReader,
} from '#platform/edge/index.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'

export interface OwnEdge {
  readonly traffic: TrafficReader
  /** On the first host, which has its key from the beginning. */
  readonly authority: Authority | undefined
  /** On a host that joined: what it has asked that authority for. */
  readonly asked: AskedCertificates | undefined
  /** Undefined on a witness, which serves nobody. */
  readonly edge: EdgeDeps | undefined
}

/** This host's edge, with what it needs. */
export async function openEdge(config: AgentConfig, docker: Docker): Promise<OwnEdge> {
  const { installation, home, host } = config
  const haproxy = makeHaproxy(edgeFiles(home))
  const traffic = makeTrafficReader(haproxy, Date.now)
  const now = () => new Date()
  const common = {
    installation,
    home,
    haproxy,
    rests: makeRests(() => performance.now()),
    beforeReload: traffic.beforeReload,
    now,
    check: (file: string) => checkConfig(docker, installation, file),
  }
  if (host.first) {
    const authority = await openAuthority(join(home, HOME.pki))
    const certificates = issuedBy(authority, host.name)
    const edge = { ...common, rootPem: authority.rootPem, certificates }
    return { traffic, authority, asked: undefined, edge }
  }
  if (host.role === 'witness') return { traffic, authority: undefined, asked: undefined, edge: undefined }
  const rootPem = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const asked = await openAskedCertificates({
    file: join(home, HOME.edgeAsked),
    host: host.name,
    rootPem,
    now,
  })
  return { traffic, authority: undefined, asked, edge: { ...common, rootPem, certificates: asked } }
}
