import { z } from 'zod'
import { DrillResult } from '#contract/drill-result.ts'
import { ErrorBody } from '#contract/errors.ts'
import type { Progress } from '#runtime/cli/progress.ts'

/** What a drill on the pair says to who has begun it: how it goes, and last its result or why there is none. */
export const PairNews = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('progress'),
    does: z.enum(['step', 'update', 'log', 'note']),
    text: z.string(),
  }),
  z.strictObject({ type: z.literal('end'), how: z.enum(['done', 'failed']) }),
  z.strictObject({ type: z.literal('result'), result: DrillResult }),
  z.strictObject({ type: z.literal('failed'), error: ErrorBody.shape.error }),
])
export type PairNews = z.infer<typeof PairNews>

/** News in a line; undefined where it is something else that was printed. */
export function newsIn(line: string): PairNews | undefined {
  try {
    return PairNews.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Progress as news. */
export function progressAsNews(say: (news: PairNews) => void): Progress {
  const told = (does: Extract<PairNews, { type: 'progress' }>['does']) => (text: string) =>
    say({ type: 'progress', does, text })
  return {
    step: told('step'),
    update: told('update'),
    log: told('log'),
    note: told('note'),
    end: (how) => say({ type: 'end', how }),
    clear: () => {},
    isActive: () => false,
  }
}
