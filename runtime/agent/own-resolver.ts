import { FILES_LABEL, type PlatformConfig } from '#contract/agent.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { type NetworkPolicy, RESOLVER_COMPONENTS, type ResolverComponent } from '#contract/network.ts'
import type { NetworkFacts } from '#platform/network/layout.ts'
import { resolverAddress, resolverContainer, resolverFiles } from '#platform/network/resolver-layout.ts'
import { RESOLVER_NAME, renderResolver } from '#platform/network/resolver-render.ts'
import { type Docker, type EngineContainer, LABELS } from '#runtime/drivers/docker.ts'
import { ensureFolder, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { answersName } from '#runtime/drivers/name-lookup.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import type { Log } from '#runtime/kit/log.ts'

/** Keeps what apps ask for names. */
export interface ResolverKeeper {
  /** Writes down what rules say of names; the rules themselves are in force already. */
  prepare(policy: NetworkPolicy, facts: NetworkFacts): Promise<void>
  /** The platform's half with the resolver, once it is known what it may answer. */
  withResolver(platform: PlatformConfig): Promise<PlatformConfig>
  /** Those that run and do not answer. */
  silent(): readonly string[]
}

export interface ResolverDeps {
  readonly config: AgentConfig
  readonly docker: Docker
  readonly log: Log
  readonly now: () => Date
}

/** A witness runs no apps: nobody asks. */
const NO_RESOLVER: ResolverKeeper = {
  prepare: async () => undefined,
  withResolver: async (platform) => platform,
  silent: () => [],
}

/** One that runs and says nothing for so long is made anew. */
const STUCK_MS = 12_000

/** The resolver of this host, from pass to pass. */
export function makeResolverKeeper(deps: ResolverDeps): ResolverKeeper {
  const { config, docker, log } = deps
  if (config.host.role === 'witness') return NO_RESOLVER
  const { installation, home } = config
  const place = { installation, home, image: config.images.edge }
  const quiet = new Map<ResolverComponent, number>()
  let hash: string | undefined
  /** Whether it runs, with what is written down now or before, and answers. */
  const look = async (component: ResolverComponent, have: readonly EngineContainer[]) => {
    const there = have.find(({ labels }) => labels[LABELS.component] === component)
    const isUp = there?.state === 'running' || there?.state === 'paused'
    const answers = isUp && (await answersName(resolverAddress(installation, component), RESOLVER_NAME))
    if (answers || !isUp) quiet.delete(component)
    else if (!quiet.has(component)) quiet.set(component, deps.now().getTime())
    return { component, there, answers }
  }
  const replaceStuck = async () => {
    for (const [component, since] of quiet) {
      if (deps.now().getTime() - since < STUCK_MS) continue
      log.warn('agent.resolver_replaced', { component })
      quiet.delete(component)
      await docker.containers.remove(resolverContainer(place, component, '').name)
    }
  }
  return {
    prepare: async (policy, facts) => {
      const text = renderResolver(policy, { ...facts, installation })
      const files = resolverFiles(home)
      await ensureFolder(files.folder, 0o755)
      if (await writeFileIfChanged(files.config, text, { mode: 0o644 })) log.info('agent.names_changed')
      hash = filesHash(text)
    },
    withResolver: async (platform) => {
      const wanted = hash
      if (wanted === undefined) return platform
      await replaceStuck()
      const have = await docker.containers.list({ [LABELS.owner]: installation.id })
      const seen = await Promise.all(RESOLVER_COMPONENTS.map((component) => look(component, have)))
      const parts = inTurn(seen, wanted).map((part) => resolverContainer(place, part.component, part.hash))
      return { ...platform, containers: [...platform.containers, ...parts] }
    },
    silent: () => [...quiet.keys()],
  }
}

interface Seen {
  readonly component: ResolverComponent
  readonly there: EngineContainer | undefined
  readonly answers: boolean
}

/** The second one is replaced when the first one answers with what is new: at each moment one answers. */
function inTurn([first, second]: readonly Seen[], wanted: string) {
  const isAhead = first?.answers === true && first.there?.labels[FILES_LABEL] === wanted
  const before = second?.there?.labels[FILES_LABEL] ?? wanted
  return [
    { component: RESOLVER_COMPONENTS[0], hash: wanted },
    { component: RESOLVER_COMPONENTS[1], hash: isAhead ? wanted : before },
  ]
}
