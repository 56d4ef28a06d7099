import type { hostRoutes } from '#contract/hosts.ts'
import type { Handlers } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { invite } from './invite.ts'
import { join, lookAtInvitation } from './join.ts'
import { remove, type WhatRuns } from './remove.ts'
import { listHosts } from './store.ts'

/** Handlers of the hosts' routes. `whatRuns` comes from the capability that keeps the reports. */
export const makeHostHandlers = (whatRuns: WhatRuns): Handlers<typeof hostRoutes> => ({
  list: async (_call, { db, now }) => ({ hosts: await read(() => listHosts(db, now())) }),
  invite: async ({ body }, deps) => await invite(deps, body),
  look: async ({ body }, deps) => await lookAtInvitation(deps, body),
  join: async ({ body }, deps) => await join(deps, body),
  remove: async ({ params, query }, deps) => {
    await remove(deps, params.host, query.lost, whatRuns)
    return { removed: params.host }
  },
})
