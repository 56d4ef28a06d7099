import type { AuditLog } from '#runtime/server/audit.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { type Db, endAct, insertAct } from './store.ts'

/** Writes down what people do, for the server. */
export const makeAuditLog = ({ db, now }: Pick<ServerDeps, 'db' | 'now'>): AuditLog => ({
  begin: (act) => transact(db, (tx) => insertAct(tx, act)),
  end: (id, end) => transact(db, (tx) => endAct(tx, id, { ...end, at: now() })),
  whole: async (act, end) => void (await transact(db, (tx) => insertAct(tx, act, { ...end, at: now() }))),
})

/** Something that the platform does by itself. */
export interface OwnAct {
  readonly action: string
  readonly on: Readonly<Record<string, string>>
  readonly told: Readonly<Record<string, unknown>>
}

/** Writes down, in the transaction in which it is done, what the platform does by itself. */
export async function recordOwnAct(tx: Db, { action, on, told }: OwnAct, at: Date): Promise<void> {
  const who = { kind: 'maru' as const, id: 'maru', name: 'maru' }
  const act = { who, source: 'local', requestId: '', action, goals: on, told }
  await insertAct(tx, act, { result: 'done', at })
}
