import { readFile, writeFile } from 'node:fs/promises'
import { HOST_LINKS, hostLinks, peersOf } from '#runtime/drivers/container-links.ts'
import type { DrillPlace } from './drill.ts'

/** A pulled cable: the container sees no carrier, and nobody is told that it is away. */
export interface PulledLink {
  plugIn(): Promise<void>
}

const IFF_UP = 1

/** Pulls all links of a container at the host's end. Its addresses and routes stay as they are. */
export async function pullLink({ docker, installation }: DrillPlace, member: string): Promise<PulledLink> {
  const found = await docker.containers.inspect(`${installation.name}-${member}`)
  const links = await hostLinks()
  const peers = await peersOf(found?.pid ?? 0)
  const names = peers.flatMap((peer) => links.get(peer) ?? [])
  if (names.length === 0) throw new Error(`${member} has no link`)
  for (const name of names) await setUp(name, false)
  return {
    plugIn: async () => {
      for (const name of names) await setUp(name, true)
    },
  }
}

/** The flags of an interface are a file: no program that a host may not have is needed. */
async function setUp(name: string, up: boolean): Promise<void> {
  const file = `${HOST_LINKS}/${name}/flags`
  const now = Number.parseInt(await readFile(file, 'utf8'), 16)
  await writeFile(file, `0x${(up ? now | IFF_UP : now & ~IFF_UP).toString(16)}`)
}
