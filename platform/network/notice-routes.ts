import type { networkNoticeRoutes } from '#contract/network-notices.ts'
import { listBlocks } from '#platform/guard/index.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { builtInRules } from './built-in-rules.ts'
import { noticesOf } from './notice-plan.ts'
import { loadLives } from './notice-store.ts'
import type { Apps } from './routes.ts'

/** Handlers of the routes about what people should know of their rules. */
export const makeNoticeHandlers = ({
  findApp,
}: Pick<Apps, 'findApp'>): Handlers<typeof networkNoticeRoutes> => ({
  list: async (_call, deps) => ({ notices: await load(deps) }),
  ofApp: async ({ params }, deps) => {
    const app = await findApp(deps, params.app)
    const own = new Set((await read(() => loadLives(deps.db, app.id))).map(({ rule }) => rule.id))
    return { notices: (await load(deps)).filter(({ rule }) => own.has(rule)) }
  },
})

async function load({ db, config, now }: ServerDeps) {
  const [lives, blocks] = await read(() => Promise.all([loadLives(db), listBlocks(db)]))
  const standing = blocks.filter(({ until }) => until === null || until > now())
  return noticesOf(lives, builtInRules(config.installation), standing, now())
}
