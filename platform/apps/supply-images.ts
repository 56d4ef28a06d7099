import { MaruError } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import type { Loops } from '#platform/fleet/index.ts'
import { isFresh, loadReports, REPORTED } from '#platform/workload/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { hostsWithImage, imagesWantedOn } from './instance-store.ts'

const LOOK_AGAIN_MS = 5_000
const RETRY_MS = 10_000
/** By then the host's report no longer says that it waits for what it has got. */
const SETTLE_MS = 2_000
const TRANSFER_MS = 600_000
/** A host unpacks what it gets: more at a time would make all of them late. */
const AT_ONCE = 2

/** Brings each host the images that its instances wait for, from a host that has them. */
export function startSupply(deps: ServerDeps): Loops {
  const stopping = new AbortController()
  const running = supply(deps, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function supply(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(REPORTED)
  /** Target and image → when it is over, or when it may be tried again. */
  const underWay = new Map<string, Promise<void>>()
  let complained = false
  while (!signal.aborted) {
    try {
      for (const { host, image } of await missing(deps, underWay)) {
        const key = keyOf(host, image)
        const transfer = bring(deps, host, image, signal).finally(() => underWay.delete(key))
        underWay.set(key, transfer)
      }
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('apps.images_not_seen', { error })
      complained = true
    }
    await bell.wait(LOOK_AGAIN_MS, signal)
  }
  bell.close()
  await Promise.all(underWay.values())
}

const keyOf = (host: string, image: string) => `${host} ${image}`

/** What hosts wait for and nobody brings yet. A host gets only what instances of its own need, whatever it asks for. */
async function missing(
  { db, now }: ServerDeps,
  underWay: ReadonlyMap<string, unknown>,
): Promise<Array<{ host: HostName; image: string }>> {
  const found: Array<{ host: HostName; image: string }> = []
  for (const [host, received] of await read(() => loadReports(db))) {
    const asked = received.report.missingImages ?? []
    if (asked.length === 0 || !isFresh(received, now())) continue
    const wanted = await read(() => imagesWantedOn(db, host))
    const busy = [...underWay.keys()].filter((key) => key.startsWith(`${host} `)).length
    const open = asked.filter((image) => wanted.has(image) && !underWay.has(keyOf(host, image)))
    for (const image of open.slice(0, Math.max(0, AT_ONCE - busy)))
      found.push({ host: host as HostName, image })
  }
  return found
}

/** Tries one host after the other; never throws. */
async function bring(deps: ServerDeps, target: HostName, image: string, signal: AbortSignal): Promise<void> {
  try {
    const having = await read(() => hostsWithImage(deps.db, image))
    const sources = new Set([deps.config.host.name, ...having].filter((host) => host !== target))
    for (const source of sources) {
      if (await transfer(deps, source, target, image, signal)) return await pause(SETTLE_MS, signal)
    }
    deps.log.warn('apps.image_not_brought', { image, target })
  } catch (error) {
    deps.log.warn('apps.image_not_brought', { image, target, error })
  }
  await pause(RETRY_MS, signal)
}

/** The part that is the app's own first; everything, where the other host can't make the image of it. */
async function transfer(
  deps: ServerDeps,
  source: HostName,
  target: HostName,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const whole of [false, true]) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TRANSFER_MS)])
    try {
      const tar = await deps.agents.of(source).image(image, whole, limit)
      await deps.agents.of(target).putImage(image, tar, limit)
      deps.log.info('apps.image_brought', { image, source, target, whole })
      return true
    } catch (error) {
      if (signal.aborted) return false
      deps.log.warn('apps.image_transfer_failed', { image, source, target, whole, error })
      if (!(error instanceof MaruError && error.code === 'hosts.image_refused')) return false
    }
  }
  return false
}
