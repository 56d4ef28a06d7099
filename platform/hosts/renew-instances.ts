import { join } from 'node:path'
import { appRoutes } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { AppName } from '#contract/ids.ts'
import { addressesOf, HOME, type Installation, SOCKETS } from '#contract/installation.ts'
import { operationRoutes } from '#contract/operations.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import type { Client } from '#runtime/cli/client.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import { exists } from '#runtime/drivers/files.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { HostProgress } from './progress.ts'

export interface RenewalPlace {
  readonly installation: Pick<Installation, 'id' | 'name' | 'subnet'>
  readonly home: string
  readonly docker: Docker
  readonly progress: HostProgress
}

const INSTANCE = 'instance'
const LOOK_MS = 500
const ENDING_MS = 20_000
/** An app's restart is waited for that long; it goes on by itself. */
const RESTARTED_MS = 300_000
const NOBODY = 'This host has no control plane to ask for it.'
/** Expected time for an app. */
const APP_S = 15

/** Apps of which an instance here asks other name servers than it would if it were started now: it hears no names. */
export async function appsThatHearNoNames({
  docker,
  installation,
}: Pick<RenewalPlace, 'docker' | 'installation'>): Promise<AppName[]> {
  const wanted = JSON.stringify(addressesOf(installation).names)
  const own = { [LABELS.owner]: installation.id, [LABELS.component]: INSTANCE }
  const all = await Promise.all(
    (await docker.containers.list(own)).map(({ id }) => docker.containers.inspect(id)),
  )
  const deaf = all.filter((one) => one !== undefined && JSON.stringify(one.nameServers) !== wanted)
  const names = deaf.flatMap((one) => one?.labels[LABELS.app] ?? [])
  return [...new Set(names)].sort().map((name) => AppName.parse(name))
}

/**
 * Replaces instances that a version before started so that they hear no names now: app by app, each without a gap. What could not
 * be replaced is told with the command that does it. Gives a line for each app of which they were.
 */
export async function renewInstances(place: RenewalPlace): Promise<string[]> {
  const apps = await appsThatHearNoNames(place)
  if (apps.length === 0) return []
  const { home, progress } = place
  const path = join(home, HOME.run, SOCKETS.root)
  const client = (await exists(path)) ? makeClient({ kind: 'socket', path }) : undefined
  const why = new Map<AppName, string>()
  let left = apps
  const title = `Instances that were started by a version before: ${apps.join(', ')}`
  await progress.step(title, apps.length * APP_S, join(home, HOME.logs), async () => {
    for (const app of apps) why.set(app, client === undefined ? NOBODY : await restart(client, app))
    // Those that were replaced end a little later than the operation.
    const until = performance.now() + ENDING_MS
    const mayEnd = () => left.some((app) => why.get(app) === '') && performance.now() < until
    left = await appsThatHearNoNames(place)
    while (mayEnd()) {
      await pause(LOOK_MS)
      left = await appsThatHearNoNames(place)
    }
  })
  for (const app of left) progress.note(noteOf(app, why.get(app) ?? ''))
  return apps
    .filter((app) => !left.includes(app))
    .map((app) => `replaced the instances of ${app}, which heard no names`)
}

const noteOf = (app: AppName, why: string) =>
  why === ''
    ? `${app} was restarted; old instances that hear no names are still ending.`
    : `${app} hears no names until \`maru restart --app ${app}\`. ${why}`

function unlessAway(error: unknown): undefined {
  if (!(error instanceof MaruError)) throw error
}

/** Why it was not restarted; nothing where it was. */
async function restart(client: Client, app: AppName): Promise<string> {
  try {
    const { id: operation } = await client.call(appRoutes.restart, { params: { app } })
    for (const end = performance.now() + RESTARTED_MS; performance.now() < end; await pause(LOOK_MS)) {
      // A control plane that has just been replaced may be away for a moment.
      const now = await client.call(operationRoutes.get, { params: { operation } }).catch(unlessAway)
      if (now !== undefined && now.finishedAt !== null) return now.error?.message ?? ''
    }
    return 'Its restart is still under way.'
  } catch (error) {
    // The host is up, which is what was asked for; what is left to do is told.
    if (!(error instanceof MaruError)) throw error
    return error.message
  }
}
