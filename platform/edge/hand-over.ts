import type { ContainerSpec } from '#contract/agent.ts'
import { UID } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { handOver, retiredName } from '#runtime/drivers/hand-over.ts'
import type { Haproxy } from '#runtime/drivers/haproxy.ts'
import { edgeFiles } from './layout.ts'

export interface EdgeHandOver {
  readonly docker: Docker
  readonly haproxy: Haproxy
  readonly home: string
  readonly owner: string
  /** Called while the process that will be replaced still serves everything. */
  readonly beforeEnd?: (() => Promise<void>) | undefined
}

/** Replaces the edge's container without closing a door. */
export async function handOverEdge(deps: EdgeHandOver, spec: ContainerSpec, oldId: string): Promise<void> {
  const { docker, home } = deps
  const retired = retiredName(spec.name)
  // One that still drains from the time before has had its time.
  await docker.containers.remove(retired)
  const state = { file: edgeFiles(home).state, mode: 0o640, owner: { uid: 0, gid: UID.edge } }
  await handOver({ ...deps, state, retired }, spec, oldId)
}
