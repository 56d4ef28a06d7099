import { rename } from 'node:fs/promises'
import type { PlatformConfig } from '#contract/agent.ts'
import type { AgentConfig } from '#contract/installation.ts'
import { UID } from '#contract/installation.ts'
import { NO_UPSTREAM, UpstreamOrders, type UpstreamReport } from '#contract/upstream.ts'
import {
  counterOf,
  makeRates,
  type Rates,
  renderBird,
  renderUpstreamFilter,
  type Speaker,
  sessionOf,
  standing,
  upstreamContainer,
  upstreamFiles,
  upstreamTableOf,
} from '#platform/upstream/host.ts'
import { type Bird, makeBird } from '#runtime/drivers/bird.ts'
import { ensureFolder, readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import { type KeptBy, type KeptTable, makeKeptTable } from '#runtime/drivers/kept-table.ts'
import type { Nft } from '#runtime/drivers/nft.ts'
import { findOwnAddress, publicIpv6 } from '#runtime/drivers/own-addresses.ts'
import { type InTurn, makeInTurn } from '#runtime/kit/in-turn.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'

/** This host's part in having providers drop what would arrive. */
export interface UpstreamKeeper {
  putOrders(orders: UpstreamOrders): Promise<void>
  /** The platform's half with what speaks BGP, where there is a provider to speak to. */
  withUpstream(platform: PlatformConfig): Promise<PlatformConfig>
  /** Undefined where the host has no part in it. */
  report(): UpstreamReport | undefined
  stop(): Promise<void>
}

export interface UpstreamDeps {
  readonly config: Pick<AgentConfig, 'installation' | 'home' | 'images'>
  /** Where the host speaks from; asked for in every pass. */
  readonly speaker: () => Promise<Speaker>
  readonly bird: Bird
  readonly nft: Pick<Nft, 'counters' | keyof KeptBy>
  readonly log: Log
  readonly now: () => Date
}

const PASS_MS = 1_000
const OF_BIRD = { uid: UID.upstream, gid: UID.upstream }

interface State {
  readonly deps: UpstreamDeps
  readonly rates: Rates
  orders: UpstreamOrders
  /** What BIRD was told last; it reads the same file when it starts. */
  told: string | undefined
  /** The rules about the speaker, and the counters; whether they were loaded. */
  readonly filter: KeptTable
  isLoaded: boolean
  sessions: UpstreamReport['sessions']
  problem: string
  readonly inTurn: InTurn
}

/** That of this host. */
export const openOwnUpstream = (config: AgentConfig, nft: Nft, log: Log): Promise<UpstreamKeeper> => {
  const own = config.host.address
  // A channel that comes and goes would begin the session anew, and what is announced would be taken back for that long.
  let own6: string | undefined
  return openUpstream({
    ...{ config, log, nft, now: () => new Date() },
    bird: makeBird(upstreamFiles(config.home).socket),
    speaker: async () => {
      own6 = (await publicIpv6())[0] ?? own6
      return { own, isHere: findOwnAddress(own).length > 0, own6 }
    },
  })
}

/** Begins with what the control plane said last: without it, too, an announcement ends in time. */
export async function openUpstream(deps: UpstreamDeps): Promise<UpstreamKeeper> {
  const files = upstreamFiles(deps.config.home)
  const saved = await readJson(files.orders)
  const state: State = {
    ...{ deps, rates: makeRates(), orders: UpstreamOrders.parse(saved ?? NO_UPSTREAM) },
    ...{ told: undefined, isLoaded: false, sessions: [], problem: '', inTurn: makeInTurn() },
    filter: makeKeptTable(deps.nft, 'inet', upstreamTableOf(deps.config.installation)),
  }
  const ended = new AbortController()
  const running = keep(state, ended.signal)
  return {
    putOrders: async (orders) => {
      if (hasPart(orders) || hasPart(state.orders)) {
        await ensureFolder(files.folder, 0o755)
        await writeFileAtomic(files.orders, JSON.stringify(orders), { mode: 0o600 })
      }
      state.orders = orders
      await pass(state)
    },
    withUpstream: async (platform) => {
      if (state.orders.sessions.length === 0) return platform
      await pass(state)
      const { installation, home, images } = deps.config
      const spec = upstreamContainer(installation, home, images.edge)
      return { ...platform, containers: [...platform.containers, spec] }
    },
    report: () => (hasPart(state.orders) ? reportOf(state) : undefined),
    stop: async () => {
      ended.abort()
      await running
    },
  }
}

const hasPart = ({ sessions, counted }: UpstreamOrders) => sessions.length > 0 || counted.length > 0

function reportOf({ sessions, rates, problem }: State): UpstreamReport {
  const measured = rates.measured()
  return { sessions, above: rates.above(), ...(measured.length === 0 ? {} : { measured }), problem }
}

async function keep(state: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(PASS_MS, signal)
    if (!signal.aborted && (hasPart(state.orders) || state.isLoaded)) await pass(state)
  }
}

const pass = (state: State): Promise<void> => state.inTurn(() => look(state))

/** One look, after which it is as it was ordered. A failure is a sentence, and tried again. */
async function look(state: State): Promise<void> {
  try {
    await keepFilter(state)
    if (state.orders.sessions.length > 0) await tellBird(state)
    else state.told = undefined
    state.sessions = await askSessions(state)
    state.problem = problemOf(state)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const problem = `What providers should drop could not be told to them: ${said}`
    if (problem !== state.problem) state.deps.log.warn('upstream.failed', { error })
    state.problem = problem
  }
}

/** The rules about the speaker, and the counters. */
async function keepFilter(state: State): Promise<void> {
  const { deps, filter } = state
  const { nft, config, now } = deps
  const table = upstreamTableOf(config.installation)
  if (!hasPart(state.orders)) {
    if (state.isLoaded) await filter.keep(undefined)
    state.isLoaded = false
    return
  }
  state.isLoaded = true
  if ((await filter.keep(renderUpstreamFilter(table, state.orders))) === 'mended')
    deps.log.warn('upstream.rules_restored')
  const { counted } = state.orders
  if (counted.length === 0) return
  const counters = await nft.counters('inet', table)
  const reading = new Map(
    counted.flatMap(({ address }) => {
      const packets = counters.get(counterOf(address))
      return packets === undefined ? [] : [[address as string, packets] as const]
    }),
  )
  state.rates.note(counted, reading, now().getTime())
}

/** Writes what BIRD reads, after it has said itself that it can; a BIRD that is away reads it when it starts. */
async function tellBird(state: State): Promise<void> {
  const { config, bird, speaker, log, now } = state.deps
  const files = upstreamFiles(config.home)
  const text = renderBird(state.orders, await speaker(), now())
  if (text === state.told) return
  for (const folder of [files.folder, files.bird]) await ensureFolder(folder, 0o755)
  await ensureFolder(files.run, 0o755, OF_BIRD)
  await writeFileAtomic(files.next, text, { mode: 0o600, owner: OF_BIRD })
  const tried = await bird.ask(`configure check "${files.next}"`)
  if (tried?.ok === false) throw new Error(`BIRD does not understand it: ${tried.lines.at(-1)}`)
  await rename(files.next, files.config)
  const answer = await bird.ask('configure')
  if (answer?.ok === false) throw new Error(`BIRD did not take it: ${answer.lines.at(-1)}`)
  // One that is away now may have read the file before.
  if (answer === undefined) return
  state.told = text
  log.info('upstream.told', { announced: state.orders.sessions.map((one) => standing(one, now())) })
}

async function askSessions({ orders, deps }: State): Promise<UpstreamReport['sessions']> {
  if (orders.sessions.length === 0) return []
  const answer = await deps.bird.ask('show protocols')
  return orders.sessions.map((session) => {
    const line = answer?.lines.find((one) => one.split(/\s+/)[0] === sessionOf(session.name))
    // Name, protocol, table, state, since, and in words how it is.
    const [, , , , , ...info] = line?.trim().split(/\s+/) ?? []
    const up = info[0] === 'Established'
    const detail = answer === undefined ? 'BIRD does not run' : info.join(' ') || 'BIRD does not know it'
    return { name: session.name, up, detail, announced: up ? standing(session, deps.now()) : [] }
  })
}

function problemOf({ orders, sessions }: State): string {
  const down = sessions.filter(({ up }) => !up)
  const neighbourOf = (name: string) => orders.sessions.find((one) => one.name === name)?.neighbour
  return down.length === 0
    ? ''
    : `Nothing can be announced to ${down.map(({ name, detail }) => `${name} (${neighbourOf(name)}: ${detail})`).join(', ')}: look whether that router answers and agrees on numbers and password, then \`maru network upstream test ${down[0]?.name}\`.`
}
