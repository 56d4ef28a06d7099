import { addressesOf, HOME } from '#contract/installation.ts'
import type { DrillPlace } from './drill.ts'

type Place = Pick<DrillPlace, 'docker' | 'installation'>

/** The members of the database pair, by whether their containers are on this host. */
export async function findMembers({ docker, installation }: Place) {
  const members = addressesOf(installation).postgres.map((_, index) => HOME.postgres(index + 1))
  const found = await Promise.all(
    members.map((member) => docker.containers.inspect(`${installation.name}-${member}`)),
  )
  return {
    here: members.filter((_, index) => found[index] !== undefined),
    elsewhere: members.filter((_, index) => found[index] === undefined),
  }
}

/** The member of the pair that is not on this host; undefined where both are. */
export const memberElsewhere = async (place: Place): Promise<string | undefined> =>
  (await findMembers(place)).elsewhere[0]
