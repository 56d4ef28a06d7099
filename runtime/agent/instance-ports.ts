import { hostLinks, linksOf } from '#runtime/drivers/container-links.ts'
import { type ContainerDetail, LABELS } from '#runtime/drivers/docker.ts'
import type { InstancePort } from './guard.ts'

/** The ports of instances on their network: which link of the host each has, and what may come out of it. */
export async function findPorts(
  details: ReadonlyArray<ContainerDetail | undefined>,
  network: string,
): Promise<InstancePort[]> {
  const running = details.flatMap((detail) => {
    const address = detail?.addresses[network]
    return detail === undefined || detail.pid === 0 || !address ? [] : [{ ...detail, address }]
  })
  if (running.length === 0) return []
  const names = await hostLinks()
  const found = await Promise.all(
    running.map(async ({ pid, address, labels }) => {
      const links = await linksOf(pid)
      const [own] = links
      const link = own && names.get(own.peer)
      // More than one network, or none: which link is which cannot be told, and nothing is bound.
      if (links.length !== 1 || own === undefined || link === undefined) return []
      return [{ link, card: own.card, address, app: labels[LABELS.app] ?? '' }]
    }),
  )
  return found.flat()
}
