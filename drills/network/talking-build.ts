import { join } from 'node:path'
import { LABELS } from '#runtime/drivers/docker.ts'
import type { DrillPlace } from '../drill.ts'
import { drillApp } from '../drill-app.ts'
import { present } from '../present.ts'
import { waitUntil } from '../wait-until.ts'
import { type Inside, insideOf } from './instances.ts'

/** Its build asks for the registry of packages until it is stopped. */
const SOURCE = join(import.meta.dirname, '../talking-build')
const SOON_S = 120

/** A build that goes on until it is ended. */
export interface TalkingBuild {
  /** Begins it; gives the network that it runs in. */
  begin(): Promise<Inside>
  /** Stops it, and destroys the app whose build it is. */
  end(): Promise<void>
}

/** The build of an app of its own, for whom frames come back. */
export function talkingBuild(place: DrillPlace, what: string): TalkingBuild {
  const app = drillApp(place, what, SOURCE)
  let deploy: Promise<unknown> | undefined
  const running = async () => {
    const { docker, installation } = place
    const labels = { [LABELS.owner]: installation.id, [LABELS.component]: 'build', [LABELS.app]: app.name }
    return (await docker.containers.list(labels)).find(({ state }) => state === 'running')
  }
  return {
    begin: async () => {
      let failed: Error | undefined
      deploy = app.deploy().catch((error: Error) => {
        failed = error
      })
      let found: Inside | undefined
      await waitUntil(`the build of ${app.name}`, { timeoutS: SOON_S, signal: place.signal }, async () => {
        if (failed !== undefined) throw failed
        const build = await running()
        found = build && (await insideOf(place, build.name))
        return found !== undefined
      })
      return present(found)
    },
    end: async () => {
      if (deploy === undefined) return
      const build = await running()
      if (build !== undefined) await place.docker.containers.remove(build.id)
      await deploy
      await app.destroy()
    },
  }
}
