import { mayDo, type Principal } from '#contract/access.ts'
import { LIVE_BEAT_S, type LiveEvent, type LiveTopic, type liveRoutes } from '#contract/live.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Call, ServerDeps, StreamEvent } from '#runtime/server/handler.ts'
import { makeBell } from '#runtime/server/notify.ts'
import type { Change, Feed } from './feed.ts'

/** Changes that come close together are one event. */
const MERGE_MS = 500

/**
 * One caller's events: `hello`, then what changes in what it may see, and a beat when it is time. With each beat the
 * caller is looked at again: a session that has ended ends the stream.
 */
export async function* followLive(
  call: Pick<Call<typeof liveRoutes.stream>, 'principal' | 'signal' | 'recheck'>,
  { config, now }: Pick<ServerDeps, 'config' | 'now'>,
  feed: Feed,
): AsyncGenerator<StreamEvent<LiveEvent>> {
  let { principal } = call
  const news = makeNews()
  const bell = makeBell((ring) => feed.listen((change) => news.add(change, principal) && ring()))
  const at = () => now().toISOString()
  let beatAt = 0
  try {
    while (!call.signal.aborted) {
      if (performance.now() >= beatAt) {
        if (beatAt > 0) principal = await call.recheck()
        beatAt = performance.now() + LIVE_BEAT_S * 1000
        if (!news.isWaiting()) yield { data: { type: 'beat', at: at() } }
      }
      const { everything, topics } = news.take()
      if (everything) yield { data: { type: 'hello', at: at(), version: config.version } }
      else if (topics.length > 0) yield { data: { type: 'changed', at: at(), topics } }
      await pause(MERGE_MS, call.signal)
      await bell.wait(Math.max(beatAt - performance.now(), 0), call.signal)
    }
  } finally {
    bell.close()
  }
}

/** What one caller has not been told yet. It begins with everything: nobody knows what the caller has seen. */
function makeNews() {
  let everything = true
  const topics = new Map<string, LiveTopic>()
  return {
    /** False when the change is not for this caller. */
    add(change: Change, principal: Principal): boolean {
      if (!maySee(principal, change)) return false
      if (change.kind === 'everything') everything = true
      else for (const topic of topicsOf(change)) topics.set(JSON.stringify(topic), topic)
      return true
    },
    isWaiting: () => everything || topics.size > 0,
    take() {
      const taken = { everything, topics: [...topics.values()] }
      everything = false
      topics.clear()
      return taken
    },
  }
}

function maySee(principal: Principal, change: Change): boolean {
  if (change.kind === 'app') return mayDo(principal, 'app', 'read', change.team)
  return !OF_PLATFORM.has(change.kind) || mayDo(principal, 'platform', 'read')
}

/** What only operators may see. Rules of the network are shown to the app that they are about, too. */
const OF_PLATFORM: ReadonlySet<Change['kind']> = new Set([
  ...(['platform', 'hosts', 'guard', 'upstream', 'incidents', 'audit'] as const),
])

/** The list shows each app's state, so it changes with each of them. */
const topicsOf = (change: Exclude<Change, { kind: 'everything' }>): LiveTopic[] =>
  change.kind === 'app' ? [{ kind: 'apps' }, { kind: 'app', app: change.app }] : [{ kind: change.kind }]
