import { z } from 'zod'
import { Instant } from './ids.ts'
import { KNOWN_PROMISES } from './promises.ts'

/** What a drill hands in at most; what is left out is counted. */
export const DRILL_LIMITS = {
  marks: 100,
  ledgerEntries: 20_000,
  failedEntries: 2000,
  lostEntries: 1000,
} as const

export const DrillName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{2,60}$/, 'must be the name of a drill')
  .describe('Name of a drill, such as database-primary-dies')
export type DrillName = z.infer<typeof DrillName>

const Seconds = z.number().describe('Seconds since the fault; negative before it')

/** Labels that a time line has where they exist; any other may stand beside them. */
export const MOMENTS = ['fault', 'detection', 'decision', 'first success', 'heal'] as const
export type Moment = (typeof MOMENTS)[number]

/** One thing that happened. */
export const DrillMark = z.strictObject({
  label: z.string().min(1).max(60),
  atS: Seconds,
  source: z.string().max(200).nullable().describe('Whose record says so; null where the drill saw it itself'),
})
export type DrillMark = z.infer<typeof DrillMark>

/** What happened when. */
export const TimeLine = z.strictObject({
  faultAt: Instant,
  stages: z
    .array(z.strictObject({ name: z.enum(['set-up', 'fault', 'measurement']), fromS: Seconds, toS: Seconds }))
    .max(3),
  marks: z.array(DrillMark).max(DRILL_LIMITS.marks).describe('In the order of their times'),
})
export type TimeLine = z.infer<typeof TimeLine>

/** How many entries there were, and how many of them are not here. */
const counted = (most: number) => ({
  total: z.number().int().min(0),
  leftOut: z
    .number()
    .int()
    .min(0)
    .describe(`Entries that are not here: at most ${most} are kept, from the fault on first`),
})

/** Who asked: a place in the ledger's list of them. */
const Asker = z.number().int().min(0).max(99)

/** What was asked for and not acknowledged: it failed, or its asker never heard how it ended. */
const FailedEntries = z.strictObject({
  ...counted(DRILL_LIMITS.failedEntries),
  entries: z
    .array(
      z.strictObject({
        asker: Asker,
        askedS: Seconds,
        endedS: Seconds,
        outcome: z.string().max(200).describe('What its asker was told'),
      }),
    )
    .max(DRILL_LIMITS.failedEntries),
})

/** Every acknowledged write, as the writers noted it: enough to draw it and to count it again. */
export const DrillLedger = z.strictObject({
  of: z.string().max(100).describe('What was noted, such as "acknowledged writes"'),
  ...counted(DRILL_LIMITS.ledgerEntries),
  series: z
    .array(
      z.strictObject({
        name: z.string().max(100).describe('Who acknowledged, such as "server 1"'),
        firstS: Seconds,
        gapsMs: z
          .array(z.number().int().min(0))
          .max(DRILL_LIMITS.ledgerEntries)
          .describe('From each entry to the next, in milliseconds'),
        tookMs: z
          .array(z.number().int().min(0))
          .max(DRILL_LIMITS.ledgerEntries)
          .optional()
          .describe('From asking to the acknowledgement, for each entry'),
        askers: z
          .array(Asker)
          .max(DRILL_LIMITS.ledgerEntries)
          .optional()
          .describe('Who asked, for each entry'),
      }),
    )
    .max(50),
  askers: z.array(z.string().max(100)).max(100).optional().describe('Who asked, such as "writer 1"'),
  failed: FailedEntries.optional(),
  lost: z
    .array(z.strictObject({ n: z.number().int(), atS: Seconds }))
    .max(DRILL_LIMITS.lostEntries)
    .describe('Acknowledged, and not there afterwards'),
})
export type DrillLedger = z.infer<typeof DrillLedger>

/** What of a ledger is there, in a sentence. */
export function describeLedger({ of, total, leftOut, failed: found, lost: missing }: DrillLedger): string {
  const left = leftOut + (found?.leftOut ?? 0)
  const failures = found === undefined ? '' : `, ${found.total} that failed`
  const rest = left === 0 ? '' : `; ${left} are left out, those from the fault on are kept first`
  return `${total} ${of}${failures}, ${missing.length} lost${rest}`
}

/** What a drill measures. */
export const DrillMeasure = z.strictObject({
  name: z.string().max(200),
  value: z.number().nullable().describe('Null where it was not measured, which is no pass'),
  unit: z.string().max(40),
  limit: z.number().describe('The value must not be larger'),
})
export type DrillMeasure = z.infer<typeof DrillMeasure>

/** Whether a measure is kept: it was measured, and is not over its limit. */
export const isWithin = ({ value, limit }: Pick<DrillMeasure, 'value' | 'limit'>): boolean =>
  value !== null && value <= limit

/** How a measure stands against its limit, in a word or two. */
export const standingOf = (measure: Pick<DrillMeasure, 'value' | 'limit'>): string =>
  measure.value === null ? 'not measured' : isWithin(measure) ? 'ok' : 'over'

/** What a drill did to the running platform and what it measured. */
export const DrillResult = z.strictObject({
  drill: DrillName,
  promises: z.array(z.enum(KNOWN_PROMISES)).min(1),
  startedAt: Instant,
  finishedAt: Instant,
  place: z.enum(['lab', 'production']),
  setUp: z.string().max(1000),
  fault: z.string().max(1000),
  measures: z.array(DrillMeasure).min(1).max(50),
  passed: z.boolean(),
  result: z.string().max(1000).describe('One sentence'),
  timeLine: TimeLine.optional(),
  figures: z
    .array(z.strictObject({ name: z.string().max(200), value: z.number(), unit: z.string().max(40) }))
    .max(50)
    .optional()
    .describe('What was measured beside the measures; it has no limit'),
  versions: z
    .array(z.strictObject({ name: z.string().max(60), version: z.string().max(100) }))
    .max(20)
    .optional()
    .describe('What ran, as it said itself'),
  ledger: DrillLedger.optional(),
})
export type DrillResult = z.infer<typeof DrillResult>
