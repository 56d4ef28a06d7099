import { MaruError } from '#contract/errors.ts'
import { type AgentConfig, addressesOf } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { Guard } from './guard.ts'
import { findPorts } from './instance-ports.ts'
import { keepBridgeIsolated, portsOf } from './isolate.ts'

/** The network that builds of different apps share. */
export interface BuildNetwork {
  /** Keeps whoever is on it apart from others for as long as an app is built. */
  hold(app: string): Held
}

export interface Held {
  release(): void
  /** Aborted, with an error for people as its reason, when whoever is on it cannot be kept apart: the build must not go on. */
  readonly failed: AbortSignal
}

export interface BuildNetworkDeps {
  readonly config: Pick<AgentConfig, 'installation'>
  readonly docker: Pick<Docker, 'networks' | 'containers'>
  readonly guard: Pick<Guard, 'bind'>
  readonly log: Log
  /** For how long binding may fail while a build goes on. */
  readonly patienceMs?: number
}

/** Steps of a Dockerfile appear without a word. A look at the bridge's ports costs nothing; the engine is asked when they are others. */
const LOOK_MS = 100
const PATIENCE_MS = 10_000
const NOT_APART = 'the host could not keep its network apart from other builds'

/** Attempts of which some may fail, each time for a while only. */
function makePatience(log: Log, patienceMs: number) {
  let complained = false
  let failing = new AbortController()
  /** Since when each has failed. */
  let failedSince: number | undefined
  return {
    failed: () => failing.signal,
    begin: () => {
      complained = false
      failing = new AbortController()
      failedSince = undefined
    },
    attempt: async (what: () => Promise<unknown>) => {
      try {
        await what()
        failedSince = undefined
      } catch (error) {
        if (!complained) log.warn('agent.binding_failed', { error })
        complained = true
        failedSince ??= performance.now()
        if (performance.now() - failedSince < patienceMs) return
        failing.abort(new MaruError('apps.build_failed', { reason: NOT_APART }))
      }
    },
  }
}

/**
 * Isolates the ports of builds from each other, and binds each to its address: the engine leaves the steps of a Dockerfile the right to
 * forge frames, by which one build could have the host send it another's downloads.
 */
export function makeBuildNetwork(deps: BuildNetworkDeps): BuildNetwork {
  const { config, docker, guard, log, patienceMs = PATIENCE_MS } = deps
  const { build } = addressesOf(config.installation).networks
  const { bridge, name } = build
  const apps: string[] = []
  let seen = ''
  let isKept = false
  const look = async () => {
    const links = (await portsOf(bridge)).sort()
    if (links.join() === seen) return
    const members = await docker.networks.members(name)
    const details = await Promise.all(members.map((id) => docker.containers.inspect(id)))
    // Whose a step is the engine does not say; with one build it is that one's.
    const ports = await findPorts(details, build, new Set(apps).size === 1 ? apps[0] : undefined)
    await guard.bind(ports, 'builds')
    // One that has just come may have no address yet: the next look asks again.
    seen = links.every((link) => ports.some((port) => port.link === link)) ? links.join() : ''
  }
  const patience = makePatience(log, patienceMs)
  const { attempt } = patience
  const keep = async () => {
    while (apps.length > 0) {
      await attempt(look)
      await pause(LOOK_MS)
      if (apps.length > 0) continue
      seen = ''
      await attempt(() => guard.bind([], 'builds'))
    }
    isKept = false
  }
  return {
    hold: (app) => {
      if (apps.length === 0 || patience.failed().aborted) patience.begin()
      apps.push(app)
      if (!isKept) void keep()
      isKept = true
      const release = keepBridgeIsolated(bridge, (error) => log.warn('agent.isolation_failed', { error }))
      const end = () => {
        release()
        apps.splice(apps.indexOf(app), 1)
      }
      return { release: end, failed: patience.failed() }
    },
  }
}
