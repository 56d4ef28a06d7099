import { readFile, writeFile } from 'node:fs/promises'
import { HOST_LINKS, hostLinks, peersOf } from '#runtime/drivers/container-links.ts'
import type { DrillPlace } from './drill.ts'
import { NothingProven } from './not-measured.ts'

/** A pulled cable: the container sees no carrier, and nobody is told that it is away. */
export interface PulledLink {
  plugIn(): Promise<void>
}

const IFF_UP = 1

/** Pulls all links of a container at the host's end. Its addresses and routes stay as they are. */
export async function pullLink({ hostOf, installation }: DrillPlace, member: string): Promise<PulledLink> {
  const { docker, root } = await hostOf(member)
  const found = await docker.containers.inspect(`${installation.name}-${member}`)
  const links = await hostLinks(root)
  const peers = await peersOf(found?.pid ?? 0, root)
  const names = peers.flatMap((peer) => links.get(peer) ?? [])
  if (names.length === 0) throw new NothingProven(`${member} has no link`)
  const files = names.map((name) => `${root}${HOST_LINKS}/${name}/flags`)
  for (const file of files) await setUp(file, false)
  return {
    plugIn: async () => {
      for (const file of files) await setUp(file, true)
    },
  }
}

/** The flags of an interface are a file: no program that a host may not have is needed. */
async function setUp(file: string, up: boolean): Promise<void> {
  const now = Number.parseInt(await readFile(file, 'utf8'), 16)
  await writeFile(file, `0x${(up ? now | IFF_UP : now & ~IFF_UP).toString(16)}`)
}
