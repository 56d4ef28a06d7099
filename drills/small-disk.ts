import { HOME, UID } from '#contract/installation.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import type { DrillPlace } from './drill.ts'
import { NothingProven } from './not-measured.ts'
import { removeStandIn, standIn } from './stand-in.ts'

/** Beside what the databases hold now: the write-ahead log, and what is written until the fault. */
const SPARE_MB = 256
/** What is in memory counts as the member's own; it may have 1536 MB. */
const MOST_MB = 1024

/** A member's data on a file system of its own, which is small enough to be filled. */
export interface SmallDisk {
  readonly member: string
  /** Takes every byte that is left. */
  fill(): Promise<void>
  makeRoom(): Promise<void>
  /** Puts the member back onto the disk that it had; it must not lead. */
  remove(): Promise<void>
}

/** Puts a member's data on a small file system, where its keeper then makes a new copy of the primary's. */
export async function onSmallDisk(place: DrillPlace, member: string, primary: string): Promise<SmallDisk> {
  const { installation } = place
  const { docker, home } = await place.hostOf(member)
  const nameOf = (one: string) => `${installation.name}-${one}`
  const folder = `${home}/${member}/data`
  const volume = `${nameOf(member)}-small`
  const ballast = `${folder}/ballast`
  const exec = (argv: readonly string[]) => docker.containers.exec(nameOf(member), argv)
  const sizeMb = (await sizeOfData(place, primary)) + SPARE_MB
  if (sizeMb > MOST_MB) throw new Error(`the databases are too large for a disk in memory: ${sizeMb} MB`)
  await docker.volumes.ensure(volume, { [LABELS.owner]: installation.id }, { sizeMb, uid: UID.database })
  await standIn(place, member, { volume, target: folder })
  return {
    member,
    fill: async () => {
      const { stderr } = await exec(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=64k'])
      if (!stderr.includes('No space left on device')) throw new NothingProven(stderr.trim())
    },
    makeRoom: async () => {
      await exec(['rm', '-f', ballast])
    },
    remove: () => removeStandIn(place, member, volume),
  }
}

/** Megabytes of a member's databases, without the log of what was written. */
async function sizeOfData({ hostOf, installation }: DrillPlace, member: string): Promise<number> {
  const { docker, home } = await hostOf(member)
  const folder = `${home}/${HOME.postgres(Number(member.slice(-1)))}/data/pgdata`
  const argv = ['du', '--summarize', '--block-size=M', '--exclude=pg_wal', folder]
  const { stdout } = await docker.containers.exec(`${installation.name}-${member}`, argv)
  const size = Number.parseInt(stdout, 10)
  if (Number.isNaN(size)) throw new Error(`the size of ${member}'s data is not known`)
  return size
}
