import { join } from 'node:path'
import { addressesOf, HOME, type Installation } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { type PatroniMember, readCluster, reinitialize } from '#runtime/drivers/patroni-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ClusterPass } from './cluster-pass.ts'
import { IDLE, NOTHING_SEEN, planRejoin, type RejoinMemory, WAITING } from './rejoin-plan.ts'

export interface RejoinDeps {
  readonly installation: Installation
  readonly home: string
  readonly docker: Docker
  readonly log: Log
  issuePass(): Promise<ClusterPass>
  /** Whether a member of the pair is on this host, as far as it was told. */
  keepsMember(): boolean
}

const BEAT_MS = 5_000

/** Looks after the members of the pair on this host: one that cannot come back by itself is made anew. */
export function watchRejoins(deps: RejoinDeps, signal: AbortSignal): void {
  let memory = NOTHING_SEEN
  const forever = async () => {
    while (!signal.aborted) {
      try {
        memory = deps.keepsMember() ? await look(deps, memory) : NOTHING_SEEN
      } catch (error) {
        deps.log.warn('agent.rejoin_failed', { error })
      }
      await pause(BEAT_MS, signal)
    }
  }
  void forever()
}

async function look(deps: RejoinDeps, before: RejoinMemory): Promise<RejoinMemory> {
  const { installation, home, docker, log } = deps
  const { postgres, patroniPort } = addressesOf(installation)
  const urls = new Map(
    postgres.map((address, index) => [HOME.postgres(index + 1), `https://${address}:${patroniPort}`]),
  )
  const members = await readCluster(
    [...urls.values()].map((url) => ({ url })),
    join(home, HOME.pki, 'root.crt'),
  )
  if (members === undefined) return NOTHING_SEEN
  const here = new Set<string>()
  const seen: PatroniMember[] = []
  for (const member of members) {
    const container = `${installation.name}-${member.name}`
    const isHere = (await docker.containers.inspect(container)) !== undefined
    if (isHere) here.add(member.name)
    seen.push(isHere ? { ...member, state: await stateOf(docker, container, member.state) } : member)
  }
  const { renew, memory } = planRejoin(seen, (member) => here.has(member), before, performance.now())
  for (const member of renew) {
    log.warn('agent.member_renewed', {
      member,
      sentence: `${member} does not come back by itself: its data is copied anew from the primary.`,
    })
    const url = urls.get(member)
    if (url !== undefined) await reinitialize(url, await deps.issuePass())
  }
  return memory
}

/** What PostgreSQL writes over the name of the process that replays: that it has no more to replay. */
const WAITS_FOR_WAL = /\bstartup waiting for \w+/
/** A server, and what recovers, rewinds or copies its data. */
const OF_POSTGRES = /^(?:\S*\/)?(?:postgres|pg_\w+)(?::|\s|$)/

/**
 * What Patroni's state of a member here means by what runs there: `starting` can have no end, and `stopped` is also what it says
 * where it does not know the data and waits for somebody to throw it away.
 */
async function stateOf({ containers }: Docker, container: string, state: string): Promise<string> {
  if (state !== 'starting' && state !== 'stopped') return state
  const all = await containers.processes(container).catch(() => undefined)
  if (all === undefined) return state
  if (state === 'starting') return all.some(({ command }) => WAITS_FOR_WAL.test(command)) ? WAITING : state
  return all.some(({ command }) => OF_POSTGRES.test(command)) ? state : IDLE
}
