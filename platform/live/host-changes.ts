import type { HostReport, InstanceReport } from '#contract/agent.ts'

/** What a host's report says that pages show, in a form that can be compared: one text for each app, one for the platform. */
export interface HostPicture {
  readonly apps: ReadonlyMap<string, string>
  readonly platform: string
}

/** Figures that always move are left out: they are a topic of their own. `stale`: the host is silent. */
export function pictureOf(report: HostReport, stale: boolean): HostPicture {
  const byApp = Map.groupBy(report.instances, ({ app }) => app)
  const apps = [...byApp].map(
    ([app, instances]) => [app, JSON.stringify([stale, instances.map(instancePicture)])] as const,
  )
  const components = report.components.map(({ component, state, detail }) => [component, state, detail])
  return { apps: new Map(apps), platform: JSON.stringify([stale, report.problem, components]) }
}

const instancePicture = (one: InstanceReport) => [
  one.process,
  one.index,
  one.release,
  one.epoch,
  one.state,
  one.startedAt,
  one.restarts,
  one.detail,
]

/** The pictures of several hosts as one. */
export function joinPictures(pictures: readonly HostPicture[]): HostPicture {
  const apps = Map.groupBy(
    pictures.flatMap(({ apps: own }) => [...own]),
    ([app]) => app,
  )
  return {
    apps: new Map([...apps].map(([app, texts]) => [app, texts.map(([, text]) => text).join('\n')])),
    platform: pictures.map(({ platform }) => platform).join('\n'),
  }
}

/** What differs between two pictures; an app that is in only one of them differs. */
export function differences(
  before: HostPicture,
  after: HostPicture,
): { readonly apps: readonly string[]; readonly platform: boolean } {
  const names = new Set([...before.apps.keys(), ...after.apps.keys()])
  return {
    apps: [...names].filter((name) => before.apps.get(name) !== after.apps.get(name)),
    platform: before.platform !== after.platform,
  }
}
