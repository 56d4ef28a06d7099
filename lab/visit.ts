import { z } from 'zod'

/** Whose edges are visited, and for which app. */
export const Visit = z.strictObject({
  addresses: z.array(z.string()),
  name: z.string(),
  caFile: z.string(),
  path: z.string().optional().describe('What is asked for; left out: a row of its own is written each time'),
})
export type Visit = z.infer<typeof Visit>

/** What the visitors of one edge saw. */
export const Visited = z.record(
  z.string(),
  z.strictObject({
    requests: z.number(),
    failed: z.number(),
    failures: z.array(z.string()),
    /** The longest time without an answer that was good. */
    longestGapMs: z.number(),
    /** What was acknowledged. */
    tokens: z.array(z.string()),
  }),
)
export type Visited = z.infer<typeof Visited>
