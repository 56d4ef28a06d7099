import { join } from 'node:path'
import { type ContainerSpec, FILES_LABEL, type PlatformConfig } from '#contract/agent.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { writeGivenControl } from '#platform/hosts/control-files.ts'
import { ETCD_CONFIG } from '#platform/hosts/platform-config.ts'
import { writeServiceFiles } from '#platform/hosts/service-files.ts'
import { placedHere, seedsOf, serviceOf } from '#platform/mesh/index.ts'
import { exists } from '#runtime/drivers/files.ts'
import type { HostMembership } from './membership.ts'
import { readBundle } from './service-bundles.ts'

export interface OwnServices {
  readonly config: AgentConfig
  readonly membership: HostMembership
}

/** What of the platform's half belongs on this host now, with the files that it needs. */
export async function withServices(deps: OwnServices, platform: PlatformConfig): Promise<PlatformConfig> {
  const { config, membership } = deps
  const here = placedHere(platform, config.host, membership.fleet())
  if (config.host.first) return here
  const containers: ContainerSpec[] = []
  for (const spec of here.containers) {
    const ready = await prepare(deps, spec)
    if (ready !== undefined) containers.push(ready)
  }
  return { ...here, containers }
}

/** The container as it can start; undefined while what it needs is not here yet. */
async function prepare(deps: OwnServices, spec: ContainerSpec): Promise<ContainerSpec | undefined> {
  const service = serviceOf(spec.component)
  if (service === undefined) return spec
  const { config, membership } = deps
  const { installation, home } = config
  const bundle = await readBundle(home, service)
  if (bundle === undefined) return undefined
  const labelled = (hash: string) => ({ ...spec, labels: { ...spec.labels, [FILES_LABEL]: hash } })
  if (service === 'control' || service === 'control-2')
    return labelled(await writeGivenControl(config, service, bundle))
  const stores = seedsOf(installation, membership.fleet(), config.host.name)
  const hash = await writeServiceFiles({ installation, home }, service, bundle, stores)
  // What a member of the store joins with is written when the others have taken it in.
  const canStart = service.startsWith('postgres-') || (await exists(join(home, spec.component, ETCD_CONFIG)))
  return canStart ? labelled(hash) : undefined
}
