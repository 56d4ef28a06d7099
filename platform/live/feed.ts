import type { AppName } from '#contract/ids.ts'
import type { LiveTopic } from '#contract/live.ts'
import { APP_CHANGED, type AppChange } from '#platform/operations/index.ts'
import type { Hub } from '#runtime/server/notify.ts'

/** Something that people may be looking at has changed. */
export type Change =
  /** Notifications may have been missed: nobody knows what has changed. */
  | { readonly kind: 'everything' }
  | { readonly kind: 'app'; readonly team: string; readonly app: AppName }
  | { readonly kind: TopicChannel['kind'] }

/** A channel of the hub whose every ring is one topic. */
export interface TopicChannel {
  readonly channel: string
  readonly kind: Exclude<LiveTopic['kind'], 'app' | 'apps'>
}

/** Changes for every open connection, out of one subscription. */
export interface Feed {
  tell(change: Change): void
  /** Calls `listener` with each change until the answer is called. */
  listen(listener: (change: Change) => void): () => void
}

/** A feed that nobody fills yet. */
export function makeFeed(): Feed {
  const listeners = new Set<(change: Change) => void>()
  return {
    tell: (change) => {
      for (const listener of [...listeners]) listener(change)
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Fills the feed from the hub. Gives how to stop it. */
export function fillFromHub(feed: Feed, hub: Hub, channels: readonly TopicChannel[]): () => void {
  const stops = [
    hub.subscribe(APP_CHANGED, (payload) => {
      if (payload === '') return feed.tell({ kind: 'everything' })
      const { team, app } = JSON.parse(payload) as AppChange
      feed.tell({ kind: 'app', team, app: app as AppName })
    }),
    ...channels.map(({ channel, kind }) => hub.subscribe(channel, () => feed.tell({ kind }))),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
