import type { OperationId } from '#contract/ids.ts'
import type { OperationEvent } from '#contract/operations.ts'
import { notify } from '#runtime/server/notify.ts'
import { storableJson } from '#runtime/server/storable-json.ts'
import { type Db, operations } from './tables.ts'

/** Channel on which the new events of an operation are announced. */
export const channelOf = (id: string): string => `operations.${id}`

/** Appends events. The operation's row gives the numbers, so that they have no gaps and never cross. */
export async function addEvents(tx: Db, id: string, events: readonly OperationEvent[]): Promise<void> {
  if (events.length === 0) return
  const logLines = events.filter(({ type }) => type === 'log').length
  const { last_event: last } = await operations(tx)
    .updateTable('operations_operation')
    .set((set) => ({
      last_event: set('last_event', '+', events.length),
      log_lines: set('log_lines', '+', logLines),
    }))
    .where('id', '=', id as OperationId)
    .returning('last_event')
    .executeTakeFirstOrThrow()
  const first = last - events.length + 1
  await operations(tx)
    .insertInto('operations_event')
    .values(events.map((event, at) => ({ operation_id: id, number: first + at, event: storableJson(event) })))
    .execute()
  await notify(tx, channelOf(id))
}

/** Events after a number, in order. */
export async function listEvents(db: Db, id: string, after: number, limit: number) {
  return await operations(db)
    .selectFrom('operations_event')
    .select(['number', 'event'])
    .where('operation_id', '=', id)
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute()
}
