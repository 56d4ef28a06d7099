import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { Database } from '#contract/data.ts'
import type { DrillPlace } from './drill.ts'
import { maruOk } from './maru-ok.ts'
import { waitUntil } from './wait-until.ts'

/** A static site: deployed in seconds, and it gets a database like every app. */
const SOURCE = join(import.meta.dirname, '../examples/static-site')
const DESTROY_S = 120

/** An app that a drill owns. */
export interface DrillApp {
  readonly name: string
  deploy(): Promise<void>
  database(): Promise<Database>
  /** DATABASE_URL as the app gets it. */
  url(): Promise<URL>
  destroy(): Promise<void>
}

/** A drill's app; it exists after `deploy`, under a name that nobody else has. `source`: where an app of another kind is needed. */
export function drillApp(place: DrillPlace, what: string, source = SOURCE): DrillApp {
  const name = `drill-${what}-${randomInt(36 ** 5).toString(36)}`
  return {
    name,
    deploy: async () => {
      await maruOk(place, 'deploy', source, '--app', name, '--json')
    },
    database: async () =>
      Database.parse(JSON.parse((await maruOk(place, 'db', 'info', name, '--json')).stdout)),
    url: async () => new URL(JSON.parse((await maruOk(place, 'db', 'url', name, '--json')).stdout).url),
    destroy: () => destroyApp(place, name),
  }
}

/** Also when its deploy was cut off and still goes on, and when the control plane is away for a moment. */
async function destroyApp(place: DrillPlace, name: string): Promise<void> {
  const signal = new AbortController().signal
  await waitUntil(`\`maru destroy ${name}\``, { timeoutS: DESTROY_S, signal }, async () => {
    const done = await place.maru(['destroy', name, '--confirm', name, '--json'])
    return done.exitCode === 0 || done.stderr.includes('"apps.not_found"')
  })
}
