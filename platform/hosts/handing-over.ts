import type { ContainerSpec } from '#contract/agent.ts'
import { UID } from '#contract/installation.ts'
import { EDGE_COMPONENT, edgeFiles, handOverEdge } from '#platform/edge/index.ts'
import { MESH_COMPONENTS, meshFiles } from '#platform/mesh/index.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { handOver, retiredName } from '#runtime/drivers/hand-over.ts'
import { makeHaproxy } from '#runtime/drivers/haproxy.ts'
import { pgproxyFiles } from './database-tier.ts'

export interface HandingOver {
  readonly docker: Docker
  readonly owner: string
  readonly home: string
  /** Called while the edge that will be replaced still serves everything. */
  readonly beforeEdgeEnds?: (() => Promise<void>) | undefined
}

const ROOTS = { uid: 0, gid: 0 }

/** How parts are replaced that others are connected through: a successor takes over what they listen on. */
export function handingOver(deps: HandingOver): (spec: ContainerSpec, oldId: string) => Promise<void> {
  const { docker, owner, home } = deps
  return async (spec, oldId) => {
    if (spec.component === EDGE_COMPONENT) {
      const haproxy = makeHaproxy(edgeFiles(home))
      return await handOverEdge({ docker, owner, home, haproxy, beforeEnd: deps.beforeEdgeEnds }, spec, oldId)
    }
    const { admin, ...state } = filesOf(home, spec.component)
    const haproxy = makeHaproxy({ admin, master: admin })
    // Connections of databases live long: several may still be ending theirs.
    const retired = retiredName(spec.name, oldId)
    await handOver({ docker, owner, haproxy, state, retired }, spec, oldId)
  }
}

function filesOf(home: string, component: string) {
  if (!MESH_COMPONENTS.includes(component)) {
    const { admin, state: file } = pgproxyFiles(home)
    return { admin, file, mode: 0o644, owner: ROOTS }
  }
  const files = meshFiles(home)
  const owner = { uid: 0, gid: UID.mesh }
  return { admin: files.admin(component), file: files.state(component), mode: 0o640, owner }
}
