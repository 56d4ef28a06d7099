import type { DrillResult } from '#contract/drill-result.ts'
import { MaruError } from '#contract/errors.ts'
import { platformRoutes } from '#contract/platform.ts'
import type { Environment } from '#runtime/cli/context.ts'
import type { Progress } from '#runtime/cli/progress.ts'
import { ownProgram } from '#runtime/drivers/own-program.ts'
import type { AnyDrill, Drill } from '../drill.ts'
import { findDrill } from '../register.ts'
import { lastWords } from '../relay-events.ts'
import { runDrill } from '../run-drill.ts'
import { asRefusal } from '../run-in-turn.ts'
import type { HostsGround } from './hosts-place.ts'
import { openLabGround } from './lab-ground.ts'
import { versionsInLab } from './lab-versions.ts'
import { newsIn, type PairNews, progressAsNews } from './pair-news.ts'
import { onceInPlace, placeOnPair } from './pair-place.ts'

/** Whether a drill does something to members of the pair. */
export const isOnPair = (drill: AnyDrill): drill is Drill & { readonly needs: 'pair' } =>
  drill.needs === 'pair'

/**
 * Carries out a drill on the pair of a lab, by a program on the network of a host: only hosts reach the members and the proxy before them.
 */
export async function carryOutOnPair(
  lab: HostsGround,
  drill: Drill,
  {
    home,
    progress,
    signal,
  }: { readonly home: string; readonly progress: Progress; readonly signal: AbortSignal },
): Promise<DrillResult> {
  const host = await writersHost(lab)
  let last: PairNews | undefined
  const take = (line: string) => {
    const news = newsIn(line)
    if (news === undefined) return
    if (news.type === 'progress') progress[news.does](news.text)
    else if (news.type === 'end') progress.end(news.how)
    else last = news
  }
  const program = ownProgram('maru-drill-in-lab')
  const argv = [process.execPath, program, '--lab', home, '--host', host, '--drill', drill.name]
  const { stderr } = await lab.keepOnNetwork(host, argv, signal, take)
  if (last?.type === 'result') return last.result
  if (last?.type === 'failed') throw MaruError.fromBody({ error: last.error })
  throw new MaruError('drills.stopped', { drill: drill.name, stage: 'process', reason: lastWords(stderr) })
}

async function writersHost(lab: HostsGround): Promise<string> {
  for (const { name, full } of lab.hosts) if (full && (await lab.isRunning(name))) return name
  throw new MaruError('unreachable', { what: 'A host of the lab' })
}

export interface PairDrillOrder {
  /** The folder of the lab. */
  readonly lab: string
  /** The host on whose network this program is. */
  readonly host: string
  readonly drill: string
  readonly env: Environment
  readonly signal: AbortSignal
  readonly now: () => Date
}

/** Carries the drill out where this program is; every step and the end are news. */
export async function carryOutInLab(order: PairDrillOrder, say: (news: PairNews) => void): Promise<void> {
  const { signal, now } = order
  try {
    const drill = findDrill(order.drill)
    if (!isOnPair(drill)) throw new MaruError('drills.on_a_host', { drill: drill.name, home: order.lab })
    const lab = await openLabGround(order.lab, order.env)
    const place = { ...(await placeOnPair(lab, order.host)), signal }
    const version = async () => (await lab.ask((client) => client.call(platformRoutes.status, {}))).version
    const versions = async () => versionsInLab(lab, await version().catch(() => undefined))
    const result = await runDrill(
      { ...drill, begin: (there) => onceInPlace(drill, lab, there) },
      { place, where: 'lab', progress: progressAsNews(say), now, versions },
    )
    say({ type: 'result', result })
  } catch (error) {
    say({ type: 'failed', error: asRefusal({ name: order.drill }, error).toBody().error })
  }
}
