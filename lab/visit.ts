import { z } from 'zod'

/** Whose edges are visited, and for which app. */
export const Visit = z.strictObject({
  addresses: z.array(z.string()),
  name: z.string(),
  caFile: z.string(),
  /** The app's driver sends a write again that failed, as most do; else it is sent once. */
  again: z.boolean().optional(),
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
  }),
)
export type Visited = z.infer<typeof Visited>
