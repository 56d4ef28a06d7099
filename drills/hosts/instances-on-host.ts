import { INSTANCE_COMPONENT } from '#runtime/agent/instance-spec.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import type { ExecResult } from '#runtime/drivers/docker-containers.ts'
import type { HostsPlace, LabHost } from './hosts-place.ts'

/** An instance of the drills' app. */
interface Instance {
  exec(argv: readonly string[]): Promise<ExecResult>
}

/** The instances of the drills' app that run on a host. */
export async function instancesOn(place: HostsPlace, { name }: LabHost): Promise<Instance[]> {
  const { containers } = await place.engine(name)
  const labels = { [LABELS.component]: INSTANCE_COMPONENT, [LABELS.app]: await place.app() }
  const running = (await containers.list(labels)).filter(({ state }) => state === 'running')
  return running.map(({ id }) => ({ exec: (argv) => containers.exec(id, argv) }))
}
