import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { type Installation, UID } from '#contract/installation.ts'
import { ensureFolder, exists, writeFileAtomic, writeFileIfChanged } from '#runtime/drivers/files.ts'
import type { Haproxy } from '#runtime/drivers/haproxy.ts'
import type { CertificateSource } from './certificate-source.ts'
import { type Certified, ensureCertificates, removeOtherCertificates } from './certificates.ts'
import { edgeFiles } from './layout.ts'
import { hostNamesOf, onlyCertified, renderCertificateList, renderHosts } from './names.ts'
import { renderPages } from './pages.ts'
import { type EdgeSelf, planMembers, renderMembers } from './peers.ts'
import { deletion, planEdge, type RunningEdge } from './plan.ts'
import { reloadInput } from './reload-input.ts'
import { type EdgeApp, type EdgeInput, renderEdge } from './render.ts'
import type { Rests } from './rests.ts'
import { parseOpenRequests, parseServersState, stateToHandOver } from './servers-state.ts'

export interface EdgeDeps {
  readonly installation: Installation
  readonly home: string
  /** The installation's root certificate (PEM). */
  readonly rootPem: string
  readonly certificates: CertificateSource
  /** Set where there are other hosts. */
  readonly self?: EdgeSelf | undefined
  /** The control planes, the one to ask first at the beginning. */
  readonly controls?: EdgeInput['controls']
  /** Another one reloads: what visitors have with the process before ends with its next answer. */
  readonly turn?: string
  readonly haproxy: Haproxy
  readonly rests: Rests
  /** Called right before a reload, while the process that will be replaced still serves everything. */
  readonly beforeReload: () => Promise<void>
  /** Has HAProxy itself judge a configuration file; gives its complaint, or undefined when it is good. */
  readonly check: (file: string) => Promise<string | undefined>
  readonly now: () => Date
}

export interface EdgeResult {
  /** `written`: no HAProxy is running yet; it will start with these files. */
  readonly did: 'nothing' | 'written' | 'commands' | 'reload'
  /** What the running process looks like afterwards. */
  readonly running: RunningEdge | undefined
  /** Not reached yet, in words; the next call goes on with it. */
  readonly pending: readonly string[]
  /** Servers that are to serve and wait for their first passed check. */
  readonly waiting: readonly string[]
  /** Servers that nothing leads to any more and that could not be deleted though they have rested: no app waits for that. */
  readonly leaving: readonly string[]
  /** What has no certificate yet: host names, which are left out, and `peer`. */
  readonly missing: ReadonlySet<string>
}

/** Absent where the kernel does not speak IPv6. */
const IPV6 = '/proc/net/if_inet6'
const READABLE = { mode: 0o640, owner: { uid: 0, gid: UID.edge } }
/** What one round has brought about may ask for another. */
const ROUNDS = 3

/** What HAProxy runs with now; undefined when it isn't running. */
export async function readEdge(haproxy: Haproxy): Promise<RunningEdge | undefined> {
  const info = await haproxy.ask('show info')
  const state = await haproxy.ask('show servers state')
  // Servers only, all backends.
  const stat = await haproxy.ask('show stat -1 4 -1')
  if (info === undefined || state === undefined || stat === undefined) return undefined
  const mark = /^description: (.*)$/m.exec(info)?.[1] ?? ''
  return { mark, servers: parseServersState(state, parseOpenRequests(stat)) }
}

type Named = Pick<EdgeApp, 'hostNames'>

/** Sees to the certificates that an edge with these apps needs. */
export async function certifyEdge(deps: EdgeDeps, apps: readonly Named[]): Promise<Certified> {
  checkHostNames(hostNamesOf(deps.installation, apps))
  const folder = edgeFiles(deps.home).certificates
  return await ensureCertificates(
    { folder, source: deps.certificates, now: deps.now },
    purposesOf(deps, apps),
  )
}

/** What the edge shows certificates for. */
const purposesOf = ({ installation, self }: EdgeDeps, apps: readonly Named[]): string[] => [
  'default',
  ...(self === undefined ? [] : ['peer']),
  ...hostNamesOf(installation, apps),
]

/**
 * Brings the edge to `apps`: the files always describe the whole wanted state; the running process gets there by
 * the runtime API where possible, by a reload that loses no request otherwise. A name that has no certificate yet is left
 * out, and keeps no other waiting.
 */
export async function applyEdge(
  deps: EdgeDeps,
  apps: readonly EdgeApp[],
  certified?: Certified,
): Promise<EdgeResult> {
  const { mark: certificates, missing } = certified ?? (await certifyEdge(deps, apps))
  const { installation, home, self, controls } = deps
  const wanted = { installation, home, self, controls, ipv6: await exists(IPV6), apps }
  const input = onlyCertified(wanted, missing)
  const parts = await writeParts(deps, input, certificates)
  return { ...(await bring(deps, input, parts)), missing }
}

type Brought = Omit<EdgeResult, 'missing'>
const NOTHING_LEFT = { pending: [], waiting: [], leaving: [] }

async function bring(deps: EdgeDeps, input: EdgeInput, mark: string): Promise<Brought> {
  const running = await readEdge(deps.haproxy)
  // First of all, also before a reload, which leaves open connections to the worker that goes.
  const unknown = running === undefined ? [] : await admitMembers(deps, input, running.mark === mark)
  if (running !== undefined && running.mark !== mark)
    return withPending(await reload(deps, input, mark, running), unknown)
  const files = edgeFiles(deps.home)
  const wrote = await writeFileIfChanged(files.config, renderEdge(input, mark), READABLE)
  if (running === undefined) return { ...NOTHING_LEFT, did: wrote ? 'written' : 'nothing', running }
  return withPending(await commandRounds(deps, input, mark, running), unknown)
}

/**
 * Brings the door for other edges to the members that there are; one that is about to be replaced lets in nobody new. Gives what could
 * not be done.
 */
async function admitMembers(
  { home, haproxy }: EdgeDeps,
  { self }: EdgeInput,
  stays: boolean,
): Promise<string[]> {
  const file = edgeFiles(home).members
  const shown = (await haproxy.ask(`show acl ${file}`)) ?? ''
  const commands = planMembers(self?.members ?? [], file, shown)
  return await send(haproxy, stays ? commands : commands.filter((one) => one.startsWith('del ')))
}

const withPending = (brought: Brought, more: readonly string[]): Brought => ({
  ...brought,
  pending: [...more, ...brought.pending],
})

/** The files for a first start, with no app yet; files that are there stay, because the agent keeps them. */
export async function prepareEdge(
  deps: Omit<EdgeDeps, 'haproxy' | 'rests' | 'check' | 'beforeReload'>,
): Promise<void> {
  if (await exists(edgeFiles(deps.home).config)) return
  const away: Haproxy = {
    ask: async () => undefined,
    reload: async () => ({ ok: false, log: 'not running' }),
    hold: async () => undefined,
  }
  const rests: Rests = { due: () => [] }
  const idle = { haproxy: away, rests, check: async () => undefined, beforeReload: async () => undefined }
  await applyEdge({ ...deps, ...idle }, [])
}

/** Host names become file names and parts of the configuration: nothing else may get there. */
function checkHostNames(names: readonly string[]): void {
  const bad = names.find(
    (name) =>
      !/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name),
  )
  if (bad !== undefined)
    throw new MaruError('invalid', {
      field: 'hostNames',
      reason: `${JSON.stringify(bad)} is not a host name`,
    })
}

/** Writes all but the configuration itself. Returns the mark of everything that only a reload can change. */
async function writeParts(deps: EdgeDeps, input: EdgeInput, certificates: string): Promise<string> {
  const files = edgeFiles(deps.home)
  await ensureFolder(files.folder, 0o750, { uid: 0, gid: UID.edge })
  await ensureFolder(files.pages, 0o750, { uid: 0, gid: UID.edge })
  await ensureFolder(files.run, 0o700, { uid: UID.edge, gid: UID.edge })
  const pages = renderPages()
  for (const [name, text] of Object.entries(pages)) {
    await writeFileIfChanged(join(files.pages, name), text, READABLE)
  }
  await writeFileIfChanged(files.root, deps.rootPem, READABLE)
  const hosts = renderHosts(input)
  const list = renderCertificateList(input)
  await writeFileIfChanged(files.hosts, hosts, READABLE)
  await writeFileIfChanged(files.members, renderMembers(input.self?.members ?? []), READABLE)
  await writeFileIfChanged(files.certificateList, list, READABLE)
  const fixed = renderEdge(
    { ...input, apps: input.apps.map((app) => ({ ...app, servers: [], peers: [] })) },
    '',
  )
  const parts = [fixed, hosts, list, certificates, deps.rootPem, JSON.stringify(pages), deps.turn ?? '']
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 24)
}

async function reload(deps: EdgeDeps, input: EdgeInput, mark: string, before: RunningEdge): Promise<Brought> {
  const files = edgeFiles(deps.home)
  // The next call writes the whole one.
  const config = renderEdge(reloadInput(input, before), mark)
  await writeFileAtomic(files.next, config, READABLE)
  const complaint = await deps.check(files.next)
  await rm(files.next, { force: true })
  if (complaint !== undefined) {
    throw failed('checking the edge configuration', new Error(complaint))
  }
  await writeFileAtomic(files.config, config, READABLE)
  // Health and weights go over to the new worker; without them every server starts unknown.
  const state = await deps.haproxy.ask('show servers state')
  await writeFileAtomic(files.state, stateToHandOver(state ?? ''), READABLE)
  await deps.beforeReload()
  const result = await deps.haproxy.reload()
  // A state of today must not be believed by a process that starts next week.
  await rm(files.state, { force: true })
  if (!result.ok) throw failed('reloading the edge', new Error(result.log))
  await removeOtherCertificates(files.certificates, purposesOf(deps, input.apps))
  const running = await readEdge(deps.haproxy)
  if (running === undefined) {
    return { ...NOTHING_LEFT, did: 'reload', running, pending: ['the edge does not answer'] }
  }
  return { ...(await commandRounds(deps, input, mark, running)), did: 'reload' }
}

const failed = (step: string, cause: Error) =>
  new MaruError('hosts.step_failed', { step, reason: 'HAProxy refused it', log: 'the agent log' }, { cause })

async function commandRounds(
  deps: EdgeDeps,
  input: EdgeInput,
  mark: string,
  first: RunningEdge,
): Promise<Brought> {
  let running = first
  let plan = planEdge(input, mark, running)
  let sent = 0
  let pending: string[] = []
  for (let round = 0; round < ROUNDS && plan.kind === 'commands' && plan.commands.length > 0; round++) {
    pending = await send(deps.haproxy, plan.commands)
    sent += plan.commands.length
    running = (await readEdge(deps.haproxy)) ?? running
    if (pending.length > 0) break
    plan = planEdge(input, mark, running)
  }
  if (plan.kind === 'reload')
    return { ...NOTHING_LEFT, did: sent === 0 ? 'nothing' : 'commands', running, pending: [plan.reason] }
  const deletions = deps.rests.due(plan.resting).map(deletion)
  const leaving = [...(await send(deps.haproxy, plan.removals)), ...(await send(deps.haproxy, deletions))]
  const gone = plan.removals.length + deletions.length
  if (gone > 0) running = (await readEdge(deps.haproxy)) ?? running
  const did = sent + gone === 0 ? 'nothing' : 'commands'
  const held = plan.holding.map((server) => `${server} goes on until another is healthy`)
  return { did, running, pending: [...pending, ...held], waiting: plan.waiting, leaving }
}

/** HAProxy says nothing, or one of these, when a command did what it should. */
const FINE = /^(|New server registered\.|Server deleted\.)$/

async function send(haproxy: Haproxy, commands: readonly string[]): Promise<string[]> {
  const refused: string[] = []
  for (const command of commands) {
    const answer = ((await haproxy.ask(command)) ?? 'the edge does not answer').trim()
    if (!FINE.test(answer)) refused.push(`${command}: ${answer}`)
  }
  return refused
}
