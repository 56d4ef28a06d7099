import { notify } from '#runtime/server/notify.ts'
import type { Db } from './tables.ts'

/** Rings when something about an app has changed that people see; the payload is an `AppChange`. */
export const APP_CHANGED = 'apps.changed'

/** Which app has changed, and whose it is. */
export interface AppChange {
  readonly team: string
  readonly app: string
}

/** In the transaction of a change: tells everyone who looks at the app when it commits. */
export const announceApp = (tx: Db, { team, app }: AppChange): Promise<void> =>
  notify(tx, APP_CHANGED, JSON.stringify({ team, app }))
