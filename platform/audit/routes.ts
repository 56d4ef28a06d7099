import type { Act, auditRoutes } from '#contract/audit.ts'
import type { Route } from '#contract/route.ts'
import type { Handlers } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { listActs } from './store.ts'

/** What an action means, by its name. */
export type Meanings = (action: string) => string

/** What the routes of an API say of themselves, and what the platform does without being asked. */
export const meaningsOf =
  (
    api: Readonly<Record<string, Readonly<Record<string, Route>>>>,
    own: Readonly<Record<string, string>>,
  ): Meanings =>
  (action) => {
    const [capability = '', name = ''] = action.split('.')
    return own[action] ?? api[capability]?.[name]?.summary ?? action
  }

/** Handlers of the routes about who did what. */
export const makeAuditHandlers = (meaning: Meanings): Handlers<typeof auditRoutes> => ({
  list: async ({ query }, { db }) => ({
    acts: (await read(() => listActs(db, query))).map(
      (row): Act => ({
        ...{ id: Number(row.id), at: row.at.toISOString(), who: row.who, whoId: row.who_id },
        ...{ source: row.source, requestId: row.request_id, action: row.action, what: meaning(row.action) },
        ...{ on: row.goals, told: row.told, answer: row.answer ?? {} },
        ...{ result: row.result ?? 'unknown', code: row.code },
      }),
    ),
  }),
})
