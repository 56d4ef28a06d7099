import { z } from 'zod'
import { AppName } from './ids.ts'
import { NetworkRuleId } from './network.ts'
import { route } from './route.ts'

/** When people are told something about a rule. */
export const NOTICE_LIMITS = {
  /** Days before its end on which a rule's owner is warned; one that lives shorter is warned of once, in its last tenth. */
  endsSoonDays: 7,
  endsAtOnceDays: 1,
  shortLifeDays: 14,
  /** A rule that no host has seen used for so long is proposed for removal. */
  unusedDays: 30,
} as const

export const NOTICE_KINDS = {
  ends: 'It ends soon',
  unused: 'No host has seen traffic by it for a month: it can go',
  needless: 'Another rule allows all that it allows',
  overlaps: 'Another rule allows a part of what it allows',
  contradicts: 'Something else takes back what it allows, or goes on allowing what it ends',
} as const
export const NoticeKind = z.enum(Object.keys(NOTICE_KINDS) as [keyof typeof NOTICE_KINDS])
export type NoticeKind = z.infer<typeof NoticeKind>

/** What its owner should know of a rule. */
export const RuleNotice = z.strictObject({
  rule: NetworkRuleId,
  kind: NoticeKind,
  text: z.string().describe('One sentence, with what to do'),
})
export type RuleNotice = z.infer<typeof RuleNotice>

const response = z.strictObject({ notices: z.array(RuleNotice) })

export const networkNoticeRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/network/notices',
    summary: 'Rules that end soon, that nobody uses, and that overlap or contradict others',
    access: { resource: 'platform', action: 'read' },
    response,
  }),
  ofApp: route({
    method: 'GET',
    path: '/v1/apps/{app}/network/notices',
    summary: 'The same of an app’s own rules',
    access: { resource: 'app', action: 'read' },
    params: z.strictObject({ app: AppName }),
    response,
  }),
} as const
