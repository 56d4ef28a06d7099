import { join } from 'node:path'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import {
  checkConfig,
  type EdgeDeps,
  edgeFiles,
  makeTrafficReader,
  type TrafficReader,
} from '#platform/edge/index.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'

export interface OwnEdge {
  readonly traffic: TrafficReader
  /** The authority's key is on the first host only, and an edge needs certificates: undefined on the others. */
  readonly authority: Authority | undefined
  readonly edge: EdgeDeps | undefined
}

/** This host's edge, with what it needs. */
export async function openEdge(config: AgentConfig, docker: Docker): Promise<OwnEdge> {
  const haproxy = makeHaproxy(edgeFiles(config.home))
  const traffic = makeTrafficReader(haproxy, Date.now)
  if (!config.host.first) return { traffic, authority: undefined, edge: undefined }
  const authority = await openAuthority(join(config.home, HOME.pki))
  const { installation, home } = config
  const edge: EdgeDeps = {
    installation,
    home,
    authority,
    haproxy,
    beforeReload: traffic.beforeReload,
    now: () => new Date(),
    check: (file) => checkConfig(docker, installation, file),
  }
  return { traffic, authority, edge }
}
