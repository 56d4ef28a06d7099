import { join } from 'node:path'
import type { PlatformConfig } from '#contract/agent.ts'
import { addressesOf, HOME, type Installation, numberOfMember } from '#contract/installation.ts'
import { hasLeader, leaderLast, planSpare } from '#platform/hosts/cluster-settings.ts'
import { type Docker, hashContainer, LABELS } from '#runtime/drivers/docker.ts'
import { type PatroniMember, readCluster, switchOver } from '#runtime/drivers/patroni-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { ClusterPass } from './cluster-pass.ts'

export interface SparingDeps {
  readonly installation: Installation
  readonly home: string
  readonly docker: Docker
  readonly log: Log
  issuePass(): Promise<ClusterPass>
}

/** Gives the members of the pair that would be replaced now, and that the pair cannot do without yet. */
export type Sparing = (platform: PlatformConfig) => Promise<readonly string[]>

/** When nobody has led for so long, nothing is served that a replacement could interrupt. */
const LEADERLESS_MS = 20_000

/**
 * Sees to it that a member of the pair is replaced without a failover: one that leads hands over first, in a planned switchover,
 * and nobody is replaced who is alone. It never waits: what cannot be spared is left as it is, and the next pass looks again.
 */
export function makeSparing(deps: SparingDeps): Sparing {
  let leaderlessSince: number | undefined
  return async (platform) => {
    const changed = await changedMembers(deps, platform)
    if (changed.length === 0) return []
    const { postgres, patroniPort } = addressesOf(deps.installation)
    const urls = postgres.map((address) => ({ url: `https://${address}:${patroniPort}` }))
    const look = async () => (await readCluster(urls, join(deps.home, HOME.pki, 'root.crt'))) ?? []
    const members = await look()
    leaderlessSince = hasLeader(members) ? undefined : (leaderlessSince ?? performance.now())
    if (leaderlessSince !== undefined && performance.now() - leaderlessSince > LEADERLESS_MS) return []
    // One at a time, and the one that leads last: whoever takes the lead must not be the next to end.
    const [first, ...others] = leaderLast(changed, (member) => member, members)
    if (first === undefined) return []
    const isSpare = await spare(deps, first, look).catch((error: unknown) => {
      deps.log.warn('agent.member_needed', { member: first, error })
      return false
    })
    return isSpare ? others : changed
  }
}

/** Members that run here and would be replaced by another container. */
async function changedMembers(
  { docker }: SparingDeps,
  { containers }: PlatformConfig,
): Promise<readonly string[]> {
  const specs = containers.filter(({ component }) => component.startsWith('postgres-'))
  const differ = await Promise.all(
    specs.map(async (spec) => {
      const now = await docker.containers.inspect(spec.name)
      return now?.state === 'running' && now.labels[LABELS.spec] !== hashContainer(spec)
    }),
  )
  return specs.filter((_, at) => differ[at]).map(({ component }) => component)
}

/** Whether the member can end now; one that leads hands over first. */
async function spare(
  { installation, issuePass, log }: SparingDeps,
  member: string,
  look: () => Promise<PatroniMember[]>,
): Promise<boolean> {
  const step = planSpare(await look(), member)
  if (step.do !== 'hand over') return step.do === 'end'
  const { postgres, patroniPort } = addressesOf(installation)
  const address = postgres[numberOfMember(member) - 1]
  const url = `https://${address}:${patroniPort}`
  await switchOver(url, { leader: member, candidate: step.to }, await issuePass())
  log.info('agent.lead_handed_over', { from: member, to: step.to })
  return planSpare(await look(), member).do === 'end'
}
