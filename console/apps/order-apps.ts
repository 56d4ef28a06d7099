import type { App } from '#contract/apps.ts'

/** By what the list can be sorted. */
export const ORDERS = ['name', 'state', 'release'] as const
export type Order = (typeof ORDERS)[number]

/** What the list shows, and in which order. */
export interface AppsView {
  readonly find: string
  readonly by: Order
  readonly down: boolean
}

/** What needs somebody's attention comes first. */
const URGENCY: Readonly<Record<App['state'], number>> = {
  failed: 0,
  destroying: 1,
  deploying: 2,
  new: 3,
  running: 4,
}

/** shop-2 before shop-10. */
const names = new Intl.Collator('en', { numeric: true })
const byName = (one: App, other: App) => names.compare(one.name, other.name)

const COMPARE: Readonly<Record<Order, (one: App, other: App) => number>> = {
  name: byName,
  state: (one, other) => URGENCY[one.state] - URGENCY[other.state] || byName(one, other),
  release: (one, other) => (other.release ?? 0) - (one.release ?? 0) || byName(one, other),
}

/** The apps whose name or state contains every word, in order. */
export function orderApps(apps: readonly App[], { find, by, down }: AppsView): App[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const found = apps.filter((app) => words.every((word) => `${app.name} ${app.state}`.includes(word)))
  const sorted = found.sort(COMPARE[by])
  return down ? sorted.reverse() : sorted
}
