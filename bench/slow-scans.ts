import { makeGuardedField } from '#runtime/agent/test-guard.ts'
import { LONGER_MS, SLOW_SCANNERS, scanSlowly } from '#runtime/agent/test-slow-scan.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import type { BenchPlace, Found } from './benchmark.ts'
import { besideLimit, SEEN } from './drill-figures.ts'
import { type Figure, figureOf } from './report.ts'

/** Brings what the slow scans need: two who install at the same time get into each other's way. */
export const bringForSlowScans = () => installPrograms({ nmap: 'nmap', ...PACKET_LOG })

/** Who asks seldom, at a host of his own with the agent's guard: two minutes and more in which nearly nothing happens. */
export async function measureSlowScans({ signal }: Pick<BenchPlace, 'signal'>): Promise<Found> {
  try {
    const host = await makeGuardedField()
    try {
      const found = await Promise.all(
        SLOW_SCANNERS.map(async (scanner): Promise<Figure[]> => {
          const row = `${scanner.does}: time until the scanner was held and told of`
          const tookMs = await scanSlowly(host, scanner, signal)
          const waitedS = (scanner.limitMs + LONGER_MS) / 1000
          const seen: Figure =
            tookMs === undefined
              ? { row, column: SEEN, value: waitedS, unit: 's', isNotWithin: true }
              : figureOf(row, SEEN, 's', [tookMs / 1000])
          return besideLimit(seen, scanner.limitMs / 1000)
        }),
      )
      return { figures: found.flat(), missing: [] }
    } finally {
      await host.remove()
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { figures: [], missing: [{ what: 'slow scans', reason, failed: true }] }
  }
}
