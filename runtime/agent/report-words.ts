import type { HostReport } from '#contract/agent.ts'
import type { REPORT_WORDS } from '#contract/agent-api.ts'

type Word = (typeof REPORT_WORDS)[number]

/**
 * A report in the words that its asker knows: a control plane of a version before refuses one with others, and takes the host for
 * silent. `known`: those that it named, with spaces between.
 */
export function asKnown(report: HostReport, known: string | string[] | undefined): HostReport {
  const words = String(known ?? '').split(' ')
  const knows = (word: Word) => words.includes(word)
  const { addresses6, upstream, filter, ...rest } = report
  return {
    ...rest,
    filter: filter === null || knows('locked') ? filter : withoutLocked(filter),
    ...(addresses6 !== undefined && knows('addresses6') ? { addresses6 } : {}),
    ...(upstream === undefined ? {} : { upstream: knows('measured') ? upstream : withoutMeasured(upstream) }),
  }
}

function withoutLocked({ locked: _unknown, ...filter }: NonNullable<HostReport['filter']>) {
  return filter
}

function withoutMeasured({ measured: _unknown, ...upstream }: NonNullable<HostReport['upstream']>) {
  return upstream
}
