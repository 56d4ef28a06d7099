import type { liveRoutes } from '#contract/live.ts'
import type { Handlers, ServerDeps } from '#runtime/server/handler.ts'
import type { Loop } from '#runtime/server/start.ts'
import { fillFromHub, makeFeed, type TopicChannel } from './feed.ts'
import { followLive } from './follow.ts'
import { watchHost } from './watch-host.ts'

/** The live stream: its handler, and the loop that finds out what changes, once for all connections. */
export function makeLive(channels: readonly TopicChannel[]): {
  readonly handlers: Handlers<typeof liveRoutes>
  readonly loop: (deps: ServerDeps) => Loop
} {
  const feed = makeFeed()
  return {
    handlers: { stream: async (call, deps) => followLive(call, deps, feed) },
    loop: (deps) => {
      const stopping = new AbortController()
      const leave = fillFromHub(feed, deps.hub, channels)
      const watching = watchHost(deps, feed, stopping.signal)
      return {
        async stop() {
          leave()
          stopping.abort()
          await watching
        },
      }
    },
  }
}
