import type { HostReport } from '#contract/agent.ts'
import type { PlatformStatus } from '#contract/platform.ts'

/** What of a host's report people should know of although nothing is down. */
export function problemsIn({ problem, filter, detector, upstream }: HostReport): string[] {
  const bridged =
    filter?.bridged === false
      ? ['Packets between containers of one bridge are not judged: the kernel lacks br_netfilter.']
      : []
  const refused = (filter?.refusedNames ?? []).map(
    (name) => `${name} means an address inside, so the rules that name it let nobody there.`,
  )
  const parts = [detector?.problem ?? '', detector?.ruleSet?.problem ?? '', upstream?.problem ?? '']
  return [problem, ...bridged, ...refused, ...parts].filter((sentence) => sentence !== '')
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
