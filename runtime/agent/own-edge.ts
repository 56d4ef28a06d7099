import { join } from 'node:path'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import {
  EDGE_COMPONENT,
  type EdgeDeps,
  edgeFiles,
  makeTrafficReader,
  type TrafficReader,
} from '#platform/edge/index.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { type Docker, EngineRefusal } from '#runtime/drivers/docker.ts'
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
  const { beforeReload } = traffic
  return { traffic, authority, edge: { ...edgeDeps(config, docker, authority), haproxy, beforeReload } }
}

function edgeDeps(
  config: AgentConfig,
  docker: Docker,
  authority: Authority,
): Omit<EdgeDeps, 'haproxy' | 'beforeReload'> {
  const name = `${config.installation.name}-${EDGE_COMPONENT}`
  return {
    installation: config.installation,
    home: config.home,
    authority,
    now: () => new Date(),
    check: async (file) => {
      try {
        const result = await docker.containers.exec(name, ['haproxy', '-c', '-f', file])
        return result.exitCode === 0 ? undefined : result.stderr
      } catch (error) {
        if (error instanceof EngineRefusal) return error.message
        throw error
      }
    },
  }
}
