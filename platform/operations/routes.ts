import type { operationRoutes } from '#contract/operations.ts'
import type { Handlers } from '#runtime/server/handler.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { followEvents } from './events.ts'
import { cancelOperation, getOperation } from './store.ts'

/** Handlers of the operations routes. */
export const operationHandlers: Handlers<typeof operationRoutes> = {
  get: async ({ params }, deps) => await read(() => getOperation(deps.db, params.operation)),
  cancel: async ({ params, principal }, deps) =>
    await transact(deps.db, (tx) => cancelOperation(tx, params.operation, principal.name)),
  events: async ({ params, query, signal }, deps) =>
    followEvents(deps, params.operation, query.after, signal),
}
