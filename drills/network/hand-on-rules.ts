import { guardTableOf, portTableOf } from '#platform/guard/host.ts'
import { tableOf } from '#platform/network/compile.ts'
import { makeNft, type TableFamily } from '#runtime/drivers/nft.ts'
import type { DrillPlace } from '../drill.ts'

/** Something that a hand does to the kernel's rules, past the platform. */
export interface HandMade {
  readonly what: string
  readonly family: TableFamily
  readonly table: string
  /** Whether all its members come from the platform; packets fill the sets of others. */
  readonly whole: boolean
  /** For nft. */
  readonly script: string
}

/** What somebody with root on the host could do to an installation's tables. */
export function handMade({ installation }: Pick<DrillPlace, 'installation'>): HandMade[] {
  const [rules, guard, ports] = [tableOf(installation), guardTableOf(installation), portTableOf(installation)]
  return [
    {
      what: 'a rule that lets everything through',
      ...{ family: 'inet', table: rules, whole: true, script: `insert rule inet ${rules} judge accept\n` },
    },
    {
      what: 'all rules of who may reach whom deleted',
      ...{ family: 'inet', table: rules, whole: true, script: `delete table inet ${rules}\n` },
    },
    {
      what: 'the judge of scanners emptied',
      ...{ family: 'inet', table: guard, whole: false, script: `flush chain inet ${guard} g_input\n` },
    },
    {
      what: 'the bindings of the instances’ ports deleted',
      ...{ family: 'bridge', table: ports, whole: true, script: `delete table bridge ${ports}\n` },
    },
  ]
}

/** The rules as the kernel shows them, without the members that packets bring. */
export async function shownRules({ family, table, whole }: HandMade): Promise<string> {
  const nft = makeNft()
  return (await (whole ? nft.list(family, table) : nft.rules(family, table))) ?? ''
}

export const byHand = ({ script }: HandMade) => makeNft().load(script)

/** What the agent's own log says since a moment, of these events. */
export async function saidByAgent(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  events: readonly string[],
  since: Date,
): Promise<number> {
  let count = 0
  const options = { follow: false, tail: 'all', since: String(since.getTime() / 1000) } as const
  for await (const { line } of docker.containers.logs(`${installation.name}-agent`, options))
    if (events.some((event) => line.includes(`"${event}"`))) count += 1
  return count
}
