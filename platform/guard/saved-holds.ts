import { z } from 'zod'
import { HOLD_SETS } from './ledger.ts'

/** The file in which an agent remembers whom it holds. */
export const SavedHolds = z.array(
  z.strictObject({
    set: z.enum(HOLD_SETS),
    address: z.string(),
    began: z.array(z.number()),
    until: z.number(),
    reason: z.string(),
  }),
)
