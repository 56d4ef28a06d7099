import type { HostFigures, HostReport } from '#contract/agent.ts'

type Content = Omit<HostReport, 'sequence' | 'at' | 'figures'>

/** The latest report, for those who wait for a newer one. */
export interface ReportBoard {
  /** Numbers a report and wakes who waits. One that says nothing new only renews the time of the last one. */
  publish(content: Content, now: Date): void
  /** The figures that every report carries from now on; wakes who waits. */
  publishFigures(figures: HostFigures): void
  /** How many certificates are wanted, as soon as that is known: somebody waits for them. Wakes who waits. */
  announceWanted(certificatesWanted: number): void
  latest(): HostReport
  /** The first report after `after`; the latest one when `waitMs` have passed or the caller has left. */
  wait(after: number, waitMs: number, signal: AbortSignal): Promise<HostReport>
}

/** A report that says nothing new gets a new number after so long, so that a follower sees that the agent lives. */
const RENEW_MS = 5_000

/** Starts with an empty report, numbered by the clock: numbers grow over restarts of the agent too. */
export function makeReportBoard(empty: Content, now: Date): ReportBoard {
  let latest: HostReport = { ...empty, sequence: now.getTime(), at: now.toISOString(), figures: null }
  let content = empty
  const waiting = new Set<() => void>()
  const renew = (change: Partial<HostReport>) => {
    latest = { ...latest, ...change, sequence: latest.sequence + 1 }
    for (const wake of [...waiting]) wake()
  }
  return {
    latest: () => latest,
    publish: (next, at) => {
      const same = JSON.stringify(next) === JSON.stringify(content)
      if (same && at.getTime() - Date.parse(latest.at) < RENEW_MS) return
      content = next
      renew({ ...content, at: at.toISOString() })
    },
    announceWanted: (certificatesWanted) => {
      if (latest.certificatesWanted === certificatesWanted) return
      content = { ...content, certificatesWanted }
      renew({ certificatesWanted })
    },
    publishFigures: (figures) => renew({ figures }),
    wait: (after, waitMs, signal) => {
      if (latest.sequence > after || signal.aborted) return Promise.resolve(latest)
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve(latest)
        }
        const timer = setTimeout(wake, waitMs)
        waiting.add(wake)
        signal.addEventListener('abort', wake)
      })
    },
  }
}
