import { INSTANCE_COMPONENT } from '#runtime/agent/instance-spec.ts'
import { hostLinks, linksOf } from '#runtime/drivers/container-links.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import type { DrillPlace } from '../drill.ts'
import { networkOf, type OtherNetwork } from './other-network.ts'

/** The network of a container of the platform, entered as its root: more than whoever breaks into a program gets. */
export interface Inside extends OtherNetwork {
  readonly pid: number
  readonly address: string
  /** Its hardware address. */
  readonly card: string
  /** The host's end of its link. */
  readonly link: string
}

/** The networks of an app's instances. */
export async function instancesOf(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  app: string,
): Promise<Inside[]> {
  const labels = {
    [LABELS.owner]: installation.id,
    [LABELS.component]: INSTANCE_COMPONENT,
    [LABELS.app]: app,
  }
  const found = await docker.containers.list(labels)
  return await Promise.all(found.map(({ name }) => insideOf({ docker }, name)))
}

/** The network of a container; the first of its links counts. */
export async function insideOf({ docker }: Pick<DrillPlace, 'docker'>, name: string): Promise<Inside> {
  const detail = await docker.containers.inspect(name)
  const pid = detail?.pid ?? 0
  const [link] = pid === 0 ? [] : await linksOf(pid)
  const address = Object.values(detail?.addresses ?? {})[0]
  if (link === undefined || address === undefined) throw new Error(`${name} has no network`)
  const names = await hostLinks()
  return { ...networkOf(pid), pid, address, card: link.card, link: names.get(link.peer) ?? '' }
}
