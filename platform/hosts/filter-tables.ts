import type { Installation } from '#contract/installation.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import { makeNft, type Nft, type Table } from '#runtime/drivers/nft.ts'
import { homeOfInstallation, installationNames, loadInstallation } from './registry.ts'

/** Whose table it is, by the id in its name; undefined for tables of others than installations. */
const ownerOf = ({ name }: Table) => /^maru_(?:[a-z]+_)?(inst_[a-z0-9]+)/.exec(name)?.[1]

/** Removes all that an installation has in the packet filter. */
export async function removeTables({ id }: Pick<Installation, 'id'>, nft: Nft): Promise<void> {
  const own = new RegExp(`^maru_(?:[a-z]+_)?${id.replaceAll(/\W/g, '_')}(?:_[a-z]+)?$`)
  for (const { family, name } of await nft.tables()) if (own.test(name)) await nft.remove(family, name)
}

/** What names an address of an installation's range. */
export const rangeOf = ({ subnet }: Pick<Installation, 'subnet'>) =>
  new RegExp(`(?<![\\d.])${subnet.replaceAll('.', '\\.')}\\.\\d`)

/** Ids of the installations of this machine: those that it remembers, and those that have a container. */
async function knownIds(docker: Docker): Promise<Set<string>> {
  const [names, containers] = await Promise.all([installationNames(), docker.containers.list({})])
  const homes = await Promise.all(names.map(homeOfInstallation))
  const remembered = await Promise.all(homes.map((home) => home && loadInstallation(home)))
  return new Set([
    ...remembered.flatMap((one) => (one ? [one.id] : [])),
    ...containers.flatMap(({ labels }) => labels[LABELS.owner] ?? []),
  ])
}

/**
 * An installation whose data folder was deleted by hand, or whose `maru destroy` was cut off, leaves its rules in the packet filter.
 * They refuse every address of its range that it does not know, which are all of ours if the range is the same: they go. What other
 * ranges are judged by stays. Gives a line for each table.
 */
export async function removeRemains(
  { id, subnet }: Pick<Installation, 'id' | 'subnet'>,
  known: ReadonlySet<string>,
  nft: Nft,
): Promise<string[]> {
  const strangers = Map.groupBy(await nft.tables(), ownerOf)
  const ours = rangeOf({ subnet })
  const removed: string[] = []
  for (const [owner, tables] of strangers) {
    if (owner === undefined || owner === id || known.has(owner)) continue
    const texts = await Promise.all(tables.map(({ family, name }) => nft.rules(family, name)))
    if (!texts.some((text = '') => ours.test(text))) continue
    for (const { family, name } of tables) {
      await nft.remove(family, name)
      removed.push(`removed table ${name} of an installation that is gone`)
    }
  }
  return removed
}

/** The same, for the machine's own packet filter. */
export const removeRemainsHere = async (docker: Docker, installation: Installation): Promise<string[]> =>
  await removeRemains(installation, await knownIds(docker), makeNft())
