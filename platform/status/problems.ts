import type { HostReport } from '#contract/agent.ts'
import type { PlatformStatus } from '#contract/platform.ts'

/** For so long people are told that rules were changed by hand. */
const RESTORED_MS = 900_000

/** What of a host's report people should know. */
export function problemsIn({ at, problem, filter, detector, upstream, components }: HostReport): string[] {
  const bridged =
    filter?.bridged === false
      ? ['Packets between containers of one bridge are not judged: the kernel lacks br_netfilter.']
      : []
  const refused = (filter?.refusedNames ?? []).map(
    (name) => `${name} means an address inside, so the rules that name it let nobody there.`,
  )
  const parts = [detector?.problem ?? '', detector?.ruleSet?.problem ?? '', upstream?.problem ?? '']
  const said = [problem, ...restoredIn(at, filter), ...bridged, ...refused, ...parts].filter(
    (sentence) => sentence !== '',
  )
  return [...said, ...unwellIn(components.filter(({ detail }) => !said.includes(detail)))]
}

/** Parts of the platform that are not well. One that starts takes a moment, and is nothing to tell. */
const unwellIn = (components: HostReport['components']) =>
  components
    .filter(({ state }) => state === 'degraded' || state === 'down')
    .map(({ component, detail }) => `${component}: ${detail}`)

function restoredIn(at: string, filter: HostReport['filter']): string[] {
  const when = filter?.restoredAt ?? null
  if (when === null || Date.parse(at) - Date.parse(when) > RESTORED_MS) return []
  return [
    `Somebody changed rules of the packet filter past the platform; they were put back at ${when.slice(11, 19)} UTC. Whoever can do that is root on this host: find out who it was.`,
  ]
}

/** All hosts' problems, what their guards say among them. */
export function problemsOf(
  reports: ReadonlyMap<string, { readonly report: HostReport }>,
  guards: PlatformStatus['problems'],
): PlatformStatus['problems'] {
  const own = [...reports].flatMap(([host, { report }]) =>
    problemsIn(report).map((problem) => ({ host, problem })),
  )
  return [...own, ...guards.filter(({ problem }) => problem !== '')]
}
