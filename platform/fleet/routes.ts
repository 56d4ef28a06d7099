import type { dataCentreRoutes } from '#contract/data-centres.ts'
import type { hostRoutes } from '#contract/hosts.ts'
import type { Handlers } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { listDataCentres, listVisitorAddresses, setAddress } from './data-centres.ts'
import { drain, undrain } from './drain.ts'
import { invite } from './invite.ts'
import { join, lookAtInvitation } from './join.ts'
import { inFigures, mapHosts, type Places, surveyHosts } from './places.ts'
import { remove, tryRemoval } from './remove.ts'

/** Handlers of the hosts' routes. `places` comes from the capability that places instances. */
export const makeHostHandlers = (places: Places): Handlers<typeof hostRoutes> => ({
  list: async (_call, { db, now }) => ({
    hosts: (await read(() => surveyHosts(db, places, now()))).map(inFigures),
  }),
  map: async (_call, deps) => await read(() => mapHosts(deps, places)),
  drain: async ({ params, principal }, deps) => await drain(deps, params.host, principal, places),
  undrain: async ({ params, principal }, deps) => await undrain(deps, params.host, principal, places),
  invite: async ({ body }, deps) => await invite(deps, body),
  look: async ({ body }, deps) => await lookAtInvitation(deps, body),
  join: async ({ body }, deps) => await join(deps, body),
  remove: async ({ params, query, principal }, deps) => {
    const { trial, ...known } = query
    const removal = { ...params, ...known }
    if (trial) return { removed: await tryRemoval(deps, removal) }
    await remove(deps, removal, principal, places)
    return { removed: params.host }
  },
})

/** Handlers of the data centres' routes. */
export const makeDataCentreHandlers = (places: Places): Handlers<typeof dataCentreRoutes> => ({
  list: async (_call, deps) =>
    await read(async () => ({
      dataCentres: await listDataCentres(deps, places),
      addresses: await listVisitorAddresses(deps.db),
    })),
  setAddress: async ({ params, body, principal }, deps) =>
    await setAddress(deps, { ...params, ...body }, principal, places),
})
