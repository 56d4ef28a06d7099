import type { LiveTopic } from '#contract/live.ts'

/** Under which key everything is kept that a topic can change. */
export function keyOf(topic: LiveTopic): readonly string[] {
  return topic.kind === 'app' ? ['app', topic.app] : [topic.kind]
}
