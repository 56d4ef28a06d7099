import { detectionRoutes, type Incident } from '#contract/detection.ts'
import type { EventKind, HostEvent, NetworkBlock } from '#contract/guard.ts'
import { guardRoutes } from '#contract/guard-api.ts'
import type { HostView } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { NetworkRules, NetworkRuleView } from '#contract/network-api.ts'
import type { DrillPlace } from '../drill.ts'
import { maruOk } from '../maru-ok.ts'

/** What the platform tells of the network, the newest first. */
export async function eventsOf(place: Pick<DrillPlace, 'maru'>, kind: EventKind): Promise<HostEvent[]> {
  const { stdout } = await maruOk(place, 'network', 'events', '--kind', kind, '--limit', '500', '--json')
  return guardRoutes.events.response.parse(JSON.parse(stdout)).events
}

/** What people are told of somebody who did that after a moment. */
export async function incidentOf(
  place: Pick<DrillPlace, 'maru'>,
  { address }: { readonly address: string },
  kind: EventKind,
  since = 0,
): Promise<Incident | undefined> {
  const { stdout } = await maruOk(place, 'network', 'incidents', '--json')
  const { incidents } = detectionRoutes.incidents.response.parse(JSON.parse(stdout))
  return incidents.find(
    ({ who, kinds, lastAt }) => who === address && kinds.includes(kind) && Date.parse(lastAt) >= since,
  )
}

/** The hosts of the installation. */
export async function hostsOf(place: Pick<DrillPlace, 'maru'>): Promise<HostView[]> {
  const { stdout } = await maruOk(place, 'host', 'list', '--json')
  return hostRoutes.list.response.parse(JSON.parse(stdout)).hosts
}

/** Who is kept out, as the platform shows it. */
export async function blocksOf(place: Pick<DrillPlace, 'maru'>): Promise<NetworkBlock[]> {
  const { stdout } = await maruOk(place, 'network', 'blocks', 'list', '--json')
  return guardRoutes.blocks.response.parse(JSON.parse(stdout)).blocks
}

/** Lets these in again; who was not kept out stays so. */
export async function letIn(
  { maru }: Pick<DrillPlace, 'maru'>,
  all: ReadonlyArray<{ readonly address: string }>,
): Promise<void> {
  for (const { address } of all) await maru(['network', 'blocks', 'lift', address, '--json'])
}

/** Locked down, hosts answer visitors of the platform only: some drills have nobody to try then. */
export async function checkNotLockedDown(place: Pick<DrillPlace, 'maru'>): Promise<void> {
  const { stdout } = await maruOk(place, 'network', 'rules', '--json')
  if (NetworkRules.pick({ lockDown: true }).strip().parse(JSON.parse(stdout)).lockDown !== null)
    throw new Error('the hosts are locked down: `maru network lock-down off` first, and `keep` afterwards')
}

/** Lets an app reach an address and port outside, by a rule whose reason is the drill. */
export async function allowApp(
  place: Pick<DrillPlace, 'maru'>,
  drill: string,
  app: string,
  to: string,
): Promise<NetworkRuleView> {
  const how = ['--to', to, '--reason', `drill ${drill}`, '--json']
  const { stdout } = await maruOk(place, 'network', 'allow', `app:${app}`, ...how)
  return NetworkRuleView.parse(JSON.parse(stdout))
}
