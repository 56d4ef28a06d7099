import { guardTableOf, portTableOf, withoutComing } from '#platform/guard/host.ts'
import { tableOf } from '#platform/network/compile.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import type { DrillPlace } from '../drill.ts'

/** Of a range for documents (RFC 5737): nobody in the world has it. */
const NOBODY = '203.0.113.254'

/** Something that a hand does to the kernel's rules, past the platform. */
export interface HandMade {
  readonly what: string
  /** For nft. */
  readonly script: string
  /** What the kernel shows of what is changed, without what packets and time change by themselves. */
  shown(): Promise<string>
}

/** What somebody with root on the host could do to an installation's tables. */
export function handMade({ installation }: Pick<DrillPlace, 'installation'>): HandMade[] {
  const [rules, guard, ports] = [tableOf(installation), guardTableOf(installation), portTableOf(installation)]
  const nft = makeNft()
  const allRules = async () => (await nft.list('inet', rules)) ?? ''
  const bindings = async () => withoutComing(await nft.list('bridge', ports)) ?? ''
  return [
    {
      what: 'a rule that lets everything through',
      script: `insert rule inet ${rules} judge accept\n`,
      shown: allRules,
    },
    {
      what: 'all rules of who may reach whom deleted',
      script: `delete table inet ${rules}\n`,
      shown: allRules,
    },
    {
      what: 'the judge of scanners emptied',
      script: `flush chain inet ${guard} g_input\n`,
      shown: async () => (await nft.rules('inet', guard)) ?? '',
    },
    {
      what: 'somebody put among those who are never judged',
      script: `add element inet ${guard} partner4 { ${NOBODY} }\n`,
      shown: () => nft.members('inet', guard, ['partner4']),
    },
    {
      what: 'the bindings of the instances’ ports deleted',
      script: `delete table bridge ${ports}\n`,
      shown: bindings,
    },
    {
      what: 'a port put among those that are bound',
      script: `add element bridge ${ports} ports { "drill" }\n`,
      shown: bindings,
    },
  ]
}

export const byHand = ({ script }: HandMade) => makeNft().load(script)

/** Lines with which the agent tells that it put rules back; a load of new ones has neither. */
const PUT_BACK = [/"agent\.rules_restored"/, /"guard\.rules".*"mended"/]

/** How often the agent's own log says, since a moment, that it put back what a hand had changed. */
export async function mendsSaid(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  since: Date,
): Promise<number> {
  let count = 0
  const options = { follow: false, tail: 'all', since: String(since.getTime() / 1000) } as const
  for await (const { line } of docker.containers.logs(`${installation.name}-agent`, options))
    if (PUT_BACK.some((said) => said.test(line))) count += 1
  return count
}
