import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import type { HostView } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { HOME, SOCKETS } from '#contract/installation.ts'
import { networkNoticeRoutes, type RuleNotice } from '#contract/network-notices.ts'
import { type PlatformStatus, platformRoutes } from '#contract/platform.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import type { Client } from '#runtime/cli/client.ts'
import type { CliContext } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { showWaiting } from '#runtime/cli/progress.ts'
import { ask } from '#runtime/cli/prompt.ts'
import { exists, readText } from '#runtime/drivers/files.ts'
import { destroy, down, requireInstallation } from './down.ts'
import { loadHostIdentity } from './host-identity.ts'
import { dataFolderOf, type UpOptions } from './identity.ts'
import { type JoinOptions, join as joinInstallation } from './join.ts'
import { examine, type LocalStatus, localStatus } from './local-status.ts'
import { makeHostProgress } from './progress.ts'
import { makeSetupLink } from './setup-link.ts'
import { type UpResult, up } from './up.ts'

export interface HostOptions extends UpOptions {
  readonly confirm?: string
  readonly keepImages?: boolean
}

/** This program's own folder. */
const PROGRAM_DIR = join(import.meta.dirname, '../..')
const MEGABYTE = 1_048_576

/** `--home`, then MARU_HOME, then the named or usual installation. */
const withHome = (context: CliContext, options: HostOptions): HostOptions => {
  const home = options.home ?? (options.name === undefined ? context.env.MARU_HOME : undefined)
  return home === undefined ? options : { ...options, home }
}
const homeFor = (context: CliContext, options: HostOptions) => dataFolderOf(withHome(context, options))

/** Root's socket is where a control plane is. */
async function requireControl(home: string): Promise<void> {
  const host = await loadHostIdentity(home)
  if (host?.first === false && !(await exists(join(home, HOME.run, SOCKETS.root))))
    throw new MaruError('hosts.not_first', { host: host.name })
}

function requireRoot(context: CliContext, command: string): void {
  if (context.uid !== 0) throw new MaruError('hosts.not_root', { command: `\`maru ${command}\`` })
}

/** `maru up` */
export async function runUp(context: CliContext, options: HostOptions): Promise<void> {
  const output = makeOutput(context, options)
  const progress = makeHostProgress(context.stderr, options.json === true)
  const result = await up(withHome(context, options), { programDir: PROGRAM_DIR, progress, now: context.now })
  output.result(result, () => renderUp(result))
}

function renderUp(result: UpResult): string {
  const { changes, seconds, url, setupLink, stackRoll, home, host, installation } = result
  const head =
    changes.length === 0
      ? `Maru is already up: nothing to do (${seconds} s).`
      : `Maru is up (${seconds} s): ${changes.length} changes.`
  if (!host.first)
    return `${head}\n\n  Host          ${host.name} of ${installation}, in ${host.dataCentre}\n`
  const isUsual = home === '/var/lib/maru'
  const link =
    setupLink === null
      ? []
      : [
          `  Set-up link   ${setupLink}`,
          '                for the first operator: once, within 24 hours; a new one: `maru setup-link`',
        ]
  const next = isUsual ? 'maru deploy' : `maru deploy --home ${home}`
  const roll =
    stackRoll === null
      ? []
      : [`  Apps          move onto the newer stack, a few at a time: \`maru operation ${stackRoll}\``]
  const lines = [
    head,
    '',
    `  Address       ${url}`,
    ...link,
    ...roll,
    `  Next          ${next}   in the folder of an app`,
  ]
  return `${lines.join('\n')}\n`
}

/** `maru host join` */
export async function runJoin(context: CliContext, link: string, options: JoinOptions): Promise<void> {
  requireRoot(context, 'host join')
  const output = makeOutput(context, options)
  const progress = makeHostProgress(context.stderr, options.json === true)
  const home = options.home ?? context.env.MARU_HOME
  const deps = { programDir: PROGRAM_DIR, progress, now: context.now }
  const result = await joinInstallation(link, home === undefined ? options : { ...options, home }, deps)
  output.result(result, () => renderUp(result))
}

/** `maru down` */
export async function runDown(context: CliContext, options: HostOptions): Promise<void> {
  requireRoot(context, 'down')
  const output = makeOutput(context, options)
  const stopping = down(await homeFor(context, options))
  const stopped = await showWaiting(output.progress, 'Stopping the apps and the platform', stopping)
  output.result({ stopped }, () =>
    stopped.length === 0
      ? 'Nothing was running.\n'
      : `Stopped ${stopped.length} containers; data is kept. \`maru up\` starts it again.\n`,
  )
}

/** `maru destroy` without an app: the whole installation. */
export async function runDestroy(context: CliContext, options: HostOptions): Promise<void> {
  requireRoot(context, 'destroy')
  const output = makeOutput(context, options)
  const home = await homeFor(context, options)
  const { name } = await requireInstallation(home)
  const typed = options.confirm ?? (await askName(context, name, home))
  if (typed !== name) throw new MaruError('hosts.name_mismatch', { name })
  const progress = makeHostProgress(context.stderr, true)
  const removing = destroy(home, {
    keepImages: options.keepImages === true,
    programDir: PROGRAM_DIR,
    progress,
  })
  const removed = await showWaiting(output.progress, `Removing the installation ${name}`, removing)
  output.result({ removed }, () => `Removed the installation ${name}: ${removed.length} objects.\n`)
}

function askName(context: CliContext, name: string, home: string): Promise<string> {
  const what = `This removes the installation ${name}, every app and all data in ${home}.`
  return ask(context, `${what}\nType its name to confirm: `, '--confirm')
}

/** `maru status` */
export async function runStatus(context: CliContext, options: HostOptions): Promise<void> {
  requireRoot(context, 'status')
  const output = makeOutput(context, options)
  const home = await homeFor(context, options)
  const status = await showWaiting(output.progress, 'Asking every part', localStatus(home))
  const platform = status.answers ? await askPlatform(home) : undefined
  const columns = [
    { title: 'COMPONENT' },
    { title: 'STATE' },
    { title: 'MEMORY', align: 'right' },
    { title: 'DETAIL' },
  ] as const
  const hosts = platform === undefined ? [] : await askHosts(home)
  const notices = platform === undefined ? [] : await askNotices(home)
  const problems = platform?.problems ?? []
  output.result({ ...status, apps: platform?.apps ?? null, hosts, notices, problems }, () => {
    const rows = status.components.map(({ component, state, detail, memoryBytes }) => [
      component,
      state,
      memoryBytes === null ? '' : `${Math.round(memoryBytes / MEGABYTE)} MB`,
      detail,
    ])
    const total = `${Math.round(status.memoryBytes / MEGABYTE)} MB in all`
    const head = `${answerOf(status)}; ${total}`
    const more = [renderHosts(hosts, output), renderProblems(problems), renderNotices(notices)].join('')
    return `${head}\n\n${output.table([...columns], rows)}${more}`
  })
  const isWell = status.answers && status.components.every(({ state }) => state === 'ok')
  if (!isWell) context.setExit(1)
}

/** The control plane's own view; it may be away just now. */
const askPlatform = (home: string) => askLocally(home, (client) => client.call(platformRoutes.status, {}))

const askHosts = async (home: string) =>
  (await askLocally(home, (client) => client.call(hostRoutes.list, {})))?.hosts ?? []

const askNotices = async (home: string) =>
  (await askLocally(home, (client) => client.call(networkNoticeRoutes.list, {})))?.notices ?? []

/** Rules of the network whose owners should do something. */
function renderNotices(notices: readonly RuleNotice[]): string {
  const count = (kind: RuleNotice['kind']) => notices.filter((one) => one.kind === kind).length
  const parts = [
    ...(count('ends') > 0 ? [`${count('ends')} end soon`] : []),
    ...(count('unused') > 0 ? [`${count('unused')} had no traffic for a month`] : []),
    ...(count('contradicts') > 0 ? [`${count('contradicts')} contradict something`] : []),
  ]
  return parts.length === 0 ? '' : `\nRules of the network: ${parts.join(', ')} (maru network rules).\n`
}

/** What hosts say of themselves. */
const renderProblems = (problems: PlatformStatus['problems']): string =>
  problems.length === 0 ? '' : `\n${problems.map(({ host, problem }) => `${host}: ${problem}\n`).join('')}`

/** One host is what the rest of the status is about; the others are named. */
function renderHosts(hosts: readonly HostView[], output: Output): string {
  if (hosts.length < 2) return ''
  const columns = ['HOST', 'DATA CENTRE', 'STATE', 'ADDRESS'].map((title) => ({ title }))
  const rows = hosts.map(({ name, dataCentre, state, address }) => [name, dataCentre, state, address])
  return `\n${output.table(columns, rows)}`
}

const answerOf = ({ host, url, answers }: LocalStatus) =>
  host?.first === false
    ? `${host.name}: the control plane at ${url} ${answers ? 'looks after it' : 'is away; it goes on with what it knows'}`
    : `${url} ${answers ? 'answers' : 'does not answer'}`

async function askLocally<T>(home: string, ask: (client: Client) => Promise<T>): Promise<T | undefined> {
  const path = join(home, HOME.run, SOCKETS.root)
  if (!(await exists(path))) return undefined
  const client = makeClient({ kind: 'socket', path }, { patience: { answerMs: 3000, retryMs: 0 } })
  try {
    return await ask(client)
  } catch (error) {
    if (error instanceof MaruError) return undefined
    throw error
  } finally {
    client.close()
  }
}

/** `maru doctor` */
export async function runDoctor(context: CliContext, options: HostOptions): Promise<void> {
  const output = makeOutput(context, options)
  const examining = examine(await homeFor(context, options), PROGRAM_DIR)
  const checks = await showWaiting(output.progress, 'Checking the machine and every part', examining)
  const bad = checks.filter(({ ok }) => !ok)
  output.result({ ok: bad.length === 0, checks }, () => {
    const lines = checks.map(({ check, ok, what, advice }) =>
      ok ? `✓ ${check}: ${what}` : `✗ ${check}: ${what}\n  ${advice}`,
    )
    return `${lines.join('\n')}\n`
  })
  if (bad.length > 0) context.setExit(1)
}

/** `maru setup-link` */
export async function runSetupLink(context: CliContext, options: HostOptions): Promise<void> {
  requireRoot(context, 'setup-link')
  const output = makeOutput(context, options)
  const home = await homeFor(context, options)
  const installation = await requireInstallation(home)
  await requireControl(home)
  const root = new X509Certificate(await readFile(join(home, HOME.pki, 'root.crt')))
  const fingerprint = root.fingerprint256.replaceAll(':', '').toLowerCase()
  const link = await makeSetupLink({ installation, home, fingerprint })
  output.result({ link }, () => `${link}\nOnce, within 24 hours: \`maru login LINK\`.\n`)
}

/** `maru ca` */
export async function runCa(context: CliContext, options: HostOptions): Promise<void> {
  const output = makeOutput(context, options)
  const home = await homeFor(context, options)
  const pem = await readText(join(home, HOME.pki, 'root.crt'))
  if (pem === undefined) throw new MaruError('hosts.not_installed', { home })
  output.result({ pem }, () => pem)
}
