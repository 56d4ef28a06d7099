import { isDeepStrictEqual, stripVTControlCharacters } from 'node:util'
import { z } from 'zod'
import type { ContainerSpec } from '#contract/agent.ts'
import { type AgentConfig, UID } from '#contract/installation.ts'
import { RuleSetReport, RuleSetWish } from '#contract/rule-set.ts'
import {
  detectorFiles,
  fetchContainer,
  makeHearing,
  refusedLines,
  type Selection,
  selectRules,
  tryContainer,
} from '#platform/detection/host.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { ensureFolder, readBounded, readJson, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { WorkloadStore } from './workload-store.ts'

/** Rules of others for this host's detector: fetched, tried, and then used. */
export interface RuleSetKeeper {
  /** Fetches in the background when it is time; tells whether what is in use has changed since it was asked last. */
  look(): Promise<boolean>
  /** What is in use. */
  rules(): string
  /** False where a rule of others speaks up about too many: that is how ordinary traffic looks. */
  isHeard(sid: number, source: string, now: number): boolean
  /** Undefined where none are wanted. */
  report(): RuleSetReport | undefined
  stop(): void
}

export interface RuleSetDeps {
  readonly config: AgentConfig
  readonly docker: Docker
  readonly workloads: Pick<WorkloadStore, 'current'>
  readonly log: Log
  readonly now: () => Date
}

const TIMES = { againMs: 86_400_000, retryMs: 3_600_000, limitMs: 300_000 } as const
/** So often what Suricata refuses is taken out and the rest is tried again. */
const TRIES = 8
/** What Suricata says of rules that it refuses: a line or two for each. */
const LINES_MOST = 20_000
/** What is fetched is read whole; ET Open has some 40 MB. */
const FETCHED_MOST = 64 * 1024 * 1024
/** What is kept over restarts: of which source, and how it was. */
const Saved = z.strictObject({ wish: RuleSetWish, report: RuleSetReport })
type Saved = z.infer<typeof Saved>
const NOTHING: RuleSetReport = {
  ...{ rules: 0, left: 0, silenced: [], fetchedAt: null, failingSince: null, problem: '' },
}

interface State {
  readonly deps: RuleSetDeps
  wish: RuleSetWish | undefined
  rules: string
  report: RuleSetReport
  nextAt: number
  running: boolean
  changed: boolean
}

/** Begins with what was in use before. */
export async function openRuleSet(deps: RuleSetDeps): Promise<RuleSetKeeper> {
  const files = detectorFiles(deps.config.home)
  // It is fetched again where another version has kept it in another way.
  const { data: saved } = Saved.safeParse(await readJson(files.about).catch(() => undefined))
  // An agent that was ended may have left one.
  for (const spec of [fetchContainer(deps.config, files, { url: null }), tryContainer(deps.config, files)])
    await deps.docker.containers.remove(spec.name)
  const hearing = makeHearing()
  const state: State = {
    ...{ deps, wish: wishOf(deps), rules: '', report: NOTHING, nextAt: 0, running: false, changed: false },
  }
  if (saved !== undefined && isDeepStrictEqual(saved.wish, state.wish)) {
    const { fetchedAt, failingSince } = saved.report
    state.report = saved.report
    state.rules = fetchedAt === null ? '' : ((await readText(files.selected)) ?? '')
    if (fetchedAt !== null && failingSince === null) state.nextAt = Date.parse(fetchedAt) + TIMES.againMs
  }
  return {
    look: async () => {
      follow(state)
      const { changed } = state
      state.changed = false
      return changed
    },
    rules: () => state.rules,
    isHeard: hearing.isHeard,
    report: () => (state.wish === undefined ? undefined : { ...state.report, silenced: hearing.silenced() }),
    stop: () => {
      state.nextAt = Number.POSITIVE_INFINITY
    },
  }
}

const wishOf = ({ workloads }: RuleSetDeps) => workloads.current()?.network.ruleSet

/** Does what is wanted now; a fetch goes on beside everything else. */
function follow(state: State): void {
  const { deps } = state
  const wish = wishOf(deps)
  if (!isDeepStrictEqual(wish, state.wish)) {
    // Another source begins anew; until it is there, the platform's own rules are looked for.
    Object.assign(state, { wish, rules: '', report: NOTHING, nextAt: 0, changed: state.rules !== '' })
  }
  // That of the state: it is another only when something else is wanted.
  if (state.wish === undefined || state.running || deps.now().getTime() < state.nextAt) return
  state.running = true
  void bring(state, state.wish)
    .catch((error) => deps.log.warn('agent.rule_set_not_kept', { error }))
    .finally(() => {
      state.running = false
    })
}

async function bring(state: State, wish: RuleSetWish): Promise<void> {
  const { deps } = state
  const result = await attempt(deps, wish)
  if (wish !== state.wish) return
  const at = deps.now()
  if ('how' in result) {
    const since = state.report.failingSince ?? at.toISOString()
    const have = state.report.fetchedAt
    const uses = have === null ? 'own rules only' : `the rules of ${have.slice(0, 10)} stay in use`
    const problem = `${uses}; ${wish.url ?? 'ET Open'} ${result.how} since ${since}: ${result.why}. It is tried again every hour; \`maru network rule-set off\` ends that.`
    if (state.report.failingSince === null) deps.log.warn('agent.rule_set_failed', { ...result })
    state.report = { ...state.report, failingSince: since, problem }
    state.nextAt = at.getTime() + TIMES.retryMs
    return await save(state, wish)
  }
  const { rules, left } = result
  const text = textOf(rules)
  state.report = { ...NOTHING, rules: rules.length, left, fetchedAt: at.toISOString() }
  state.nextAt = at.getTime() + TIMES.againMs
  state.changed ||= text !== state.rules
  state.rules = text
  await writeFileAtomic(detectorFiles(deps.config.home).selected, text, { mode: 0o644 })
  await save(state, wish)
  deps.log.info('agent.rule_set_used', { rules: rules.length, left })
}

const textOf = (rules: readonly string[]) => rules.map((rule) => `${rule}\n`).join('')

const save = ({ deps, report }: State, wish: RuleSetWish) =>
  writeFileAtomic(detectorFiles(deps.config.home).about, JSON.stringify({ wish, report } satisfies Saved), {
    mode: 0o644,
  })

/** Why there is nothing new, in words. */
interface Failure {
  readonly how: 'not reachable' | 'not usable'
  readonly why: string
}
const notUsable = (why: string): Failure => ({ how: 'not usable', why })

/** Fetches, selects and tries. */
async function attempt(deps: RuleSetDeps, wish: RuleSetWish): Promise<Selection | Failure> {
  try {
    return await fetchAndTry(deps, wish)
  } catch (error) {
    return notUsable(error instanceof Error ? error.message : String(error))
  }
}

async function fetchAndTry(deps: RuleSetDeps, wish: RuleSetWish): Promise<Selection | Failure> {
  const { config } = deps
  const files = detectorFiles(config.home)
  await ensureFolder(files.fetched, 0o700, { uid: UID.ruleSet, gid: UID.ruleSet })
  await writeFileAtomic(`${files.fetched}/suricata.rules`, '', {
    mode: 0o600,
    owner: { uid: UID.ruleSet, gid: UID.ruleSet },
  })
  const fetched = await runOnce(deps, fetchContainer(config, files, wish))
  const text = await readBounded(`${files.fetched}/suricata.rules`, FETCHED_MOST)
  if (text === undefined) return notUsable('what came is no file, or larger than 64 MB')
  // It ends well, too, where it could fetch nothing.
  if (fetched.exitCode !== 0 || text.trim() === '')
    return { how: 'not reachable', why: lastWords(fetched.said) }
  const { rules, left } = selectRules(text)
  if (rules.length === 0) return notUsable('none of its rules is of the kind that is looked for')
  let kept = rules
  for (let round = 0; round < TRIES; round++) {
    await writeFileAtomic(files.candidate, textOf(kept), { mode: 0o644 })
    const tried = await runOnce(deps, tryContainer(config, files))
    if (tried.exitCode === 0) return { rules: kept, left: left + rules.length - kept.length }
    const refused = new Set(refusedLines(tried.said))
    if (refused.size === 0) return notUsable(`Suricata does not take it (${lastWords(tried.said)})`)
    kept = kept.filter((_, index) => !refused.has(index + 1))
  }
  return notUsable('Suricata does not take it')
}

/** What a program said of what went wrong, or at its end. */
function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const wrong = lines.filter((line) => /error|failed/i.test(line))
  const last = stripVTControlCharacters(wrong.at(-1) ?? lines.at(-1) ?? 'it said nothing')
  // Without the clock and the kind of line before it.
  return last.replace(/^.*<\w+> -- /, '').slice(0, 300)
}

/** Runs a container to its end, which is made to come. */
async function runOnce({ docker, config }: RuleSetDeps, spec: ContainerSpec) {
  const { containers } = docker
  await containers.remove(spec.name)
  const id = await containers.create(spec, config.installation.id)
  const late = setTimeout(() => void containers.remove(id), TIMES.limitMs)
  try {
    await containers.start(id)
    const exitCode = await containers.wait(id)
    let said = ''
    for await (const { line } of containers.logs(id, { follow: false, tail: LINES_MOST })) said += `${line}\n`
    return { exitCode, said }
  } finally {
    clearTimeout(late)
    await containers.remove(id)
  }
}
