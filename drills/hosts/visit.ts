import { z } from 'zod'

const Request = z.strictObject({
  /** Address of the edge that was asked. */
  edge: z.string(),
  /** `write` asks for a row in the database, `plain` for nothing that needs one. */
  kind: z.enum(['write', 'plain']),
  /** Times by the clock that the machine counts from its start, which all its processes share. */
  begunMs: z.number(),
  endedMs: z.number(),
})

/** What visitors saw since they said something last. */
export const VisitNews = z.strictObject({
  acknowledged: z.array(z.strictObject({ ...Request.shape, token: z.string(), server: z.string() })),
  failed: z.array(z.strictObject({ ...Request.shape, reason: z.string() })),
  /** Requests that were answered, of both kinds. */
  answered: z.number(),
})
export type VisitNews = z.infer<typeof VisitNews>

/** The clock of visits, as a reading of this process's `performance.now()` plus this. */
export const machineClockMs = (): number => Number(process.hrtime.bigint()) / 1e6 - performance.now()
