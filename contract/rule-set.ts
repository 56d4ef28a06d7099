import { z } from 'zod'
import { Instant } from './ids.ts'
import { NAMES_A_USER, namesNoUser } from './url.ts'

/** What fetches and tries rules of others: it runs to its end. */
export const RULE_SET_COMPONENT = 'rule-set'

/** That rules of others are looked for, too: those of Emerging Threats Open. */
export const RuleSetWish = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .max(500)
    .refine(namesNoUser, NAMES_A_USER)
    .nullable()
    .describe('Of an archive in the form of ET Open, in the own network; null: ET Open itself'),
})
export type RuleSetWish = z.infer<typeof RuleSetWish>

/** How it is with that on a host. */
export const RuleSetReport = z.strictObject({
  rules: z.number().int().describe('Rules of the set that are looked for'),
  left: z.number().int().describe('Rules of the set that are not: unsure, of no weight, or not understood'),
  silenced: z.array(z.string()).describe('Rules that spoke up about too many sources, and are not heard'),
  fetchedAt: Instant.nullable().describe('When it was fetched last; null: never yet'),
  failingSince: Instant.nullable().describe('Since when it cannot be fetched or used'),
  problem: z.string().describe('One sentence while it cannot be fetched or used, else empty'),
})
export type RuleSetReport = z.infer<typeof RuleSetReport>
