import { MaruError } from '#contract/errors.ts'
import { type CliContext, DEFAULT_LAB_HOME } from '#runtime/cli/context.ts'
import { makeOutput, type Output } from '#runtime/cli/output.ts'
import { showWaiting } from '#runtime/cli/progress.ts'
import { runAttached } from '#runtime/drivers/process.ts'
import { enterArgv } from './enter.ts'
import { freezeHost, hostState, killHost, startHost, thawHost } from './host.ts'
import { findHost, findSite, type Lab, labHome, openLab } from './lab.ts'
import { setLine } from './network.ts'
import type { LabShape } from './plan.ts'
import { type LabStatus, labStatus } from './status.ts'
import type { LabUpResult } from './up.ts'

interface LabOptions {
  readonly home?: string
  readonly json?: boolean
}

interface UpOptions extends LabOptions {
  readonly dataCentres?: number
  readonly hostsPerDataCentre?: number
  readonly witness?: boolean
  readonly platform: boolean
}

const HOST_ACTIONS = {
  kill: { does: killHost, said: 'has lost its power' },
  start: { does: startHost, said: 'has booted' },
  freeze: { does: freezeHost, said: 'is frozen' },
  thaw: { does: thawHost, said: 'goes on' },
} as const

const MEGABYTE = 1_048_576

function begin(context: CliContext, options: LabOptions, command: string): string {
  if (context.uid !== 0) throw new MaruError('hosts.not_root', { command: `\`maru lab ${command}\`` })
  return labHome(options.home)
}
const open = (context: CliContext, options: LabOptions, command: string): Promise<Lab> =>
  openLab(begin(context, options, command), context.env)

/** `maru lab up` */
export async function runUp(context: CliContext, options: UpOptions): Promise<void> {
  const home = begin(context, options, 'up')
  const [{ makeHostProgress }, { labUp }] = await Promise.all([
    import('#platform/hosts/index.ts'),
    import('./up.ts'),
  ])
  const { dataCentres, hostsPerDataCentre, witness, platform } = options
  const shape: Partial<LabShape> = {
    ...(dataCentres === undefined ? {} : { dataCentres }),
    ...(hostsPerDataCentre === undefined ? {} : { hostsPerDataCentre }),
    ...(witness === undefined ? {} : { witness }),
  }
  const progress = makeHostProgress(context.stderr, options.json === true)
  const request = { home, shape, withPlatform: platform }
  const result = await labUp(request, { env: context.env, progress, now: context.now })
  makeOutput(context, options).result(result, () => renderUp(result))
}

function renderUp({ home, hosts, platform, seconds }: LabUpResult): string {
  const where = home === DEFAULT_LAB_HOME ? '' : ` --home ${home}`
  const rows = hosts.map(({ name, address }) => `  ${name.padEnd(12)}  ${address}`)
  const others = hosts.filter(({ name }) => name !== platform?.host).map(({ name }) => name)
  const lines = [
    `The lab is up (${seconds} s).`,
    '',
    ...rows,
    '',
    ...(platform === null ? [] : [`  Platform      ${platform.url} on ${platform.host}`]),
    ...(platform?.setupLink ? [`  Set-up link   ${platform.setupLink}`] : []),
    ...(others.length === 0
      ? []
      : [`  ${platform === null ? 'Bare  ' : 'Joined'}        ${others.join(', ')}`]),
    `  Next          maru lab exec${where} ${hosts[0]?.name} -- ./maru ${platform === null ? 'up --lab' : 'status'}`,
  ]
  return `${lines.join('\n')}\n`
}

/** `maru lab status` */
export async function runStatus(context: CliContext, options: LabOptions): Promise<void> {
  const lab = await open(context, options, 'status')
  const output = makeOutput(context, options)
  const status = await showWaiting(output.progress, 'Asking every host', labStatus(lab))
  output.result(status, () => renderStatus(output, status))
  if (!status.whole) context.setExit(1)
}

function renderStatus(output: Output, { home, whole, client, platform, drills, sites }: LabStatus): string {
  const columns = [
    { title: 'DATA CENTRE' },
    { title: 'LINE' },
    { title: 'HOST' },
    { title: 'ADDRESS' },
    { title: 'STATE' },
    { title: 'ENGINE' },
    { title: 'MEMORY', align: 'right' },
  ] as const
  const rows = sites.flatMap(({ name, line, hosts }) =>
    hosts.map(({ name: host, address, state, engine, memoryBytes }) => [
      name,
      line,
      host,
      address,
      state,
      engine ? 'started' : 'none',
      memoryBytes === null ? '' : `${Math.round(memoryBytes / MEGABYTE)} MB`,
    ]),
  )
  const head = `The lab in ${home} is ${whole ? 'whole' : 'not whole'}; the client is at ${client}.`
  const on =
    platform === null
      ? 'No platform was brought up.'
      : `The platform was brought up on ${platform.host}: ${platform.url}`
  const starts = drills ? '\nDrills that take hosts start from its console, too.' : ''
  return `${head}\n${on}${starts}\n\n${output.table([...columns], rows)}`
}

/** `maru lab down` */
export async function runDown(context: CliContext, options: LabOptions): Promise<void> {
  const home = begin(context, options, 'down')
  const { labDown } = await import('./down.ts')
  const output = makeOutput(context, options)
  const removed = await showWaiting(output.progress, 'Removing the lab', labDown(home))
  output.result({ removed }, () =>
    removed.length === 0 ? `There is no lab in ${home}.\n` : `The lab in ${home} is gone.\n`,
  )
}

/** `maru lab host NAME kill|start|freeze|thaw` */
export async function runHost(
  context: CliContext,
  name: string,
  action: keyof typeof HOST_ACTIONS,
  options: LabOptions,
): Promise<void> {
  const lab = await open(context, options, `host ${name} ${action}`)
  const host = findHost(lab, name)
  const output = makeOutput(context, options)
  const { does, said } = HOST_ACTIONS[action]
  await showWaiting(output.progress, `${name}: ${action}`, does(lab, host))
  const state = await hostState(lab, host)
  output.result({ host: name, state }, () => `${name} ${said}.\n`)
}

/** `maru lab link DC cut|heal` */
export async function runLink(
  context: CliContext,
  name: string,
  action: 'cut' | 'heal',
  options: LabOptions,
): Promise<void> {
  const lab = await open(context, options, `link ${name} ${action}`)
  await setLine(lab, findSite(lab, name), action === 'heal')
  const line = action === 'heal' ? 'whole' : 'cut'
  makeOutput(context, options).result({ dataCentre: name, line }, () =>
    line === 'cut' ? `${name} is cut off.\n` : `The line of ${name} is whole again.\n`,
  )
}

/** `maru lab exec HOST -- CMD…` */
export async function runExec(
  context: CliContext,
  name: string,
  command: readonly string[],
  options: LabOptions,
): Promise<void> {
  const lab = await open(context, options, `exec ${name}`)
  const argv = await enterArgv(lab, name, command)
  // Ctrl-C is for the program inside; it decides whether it ends, and this one ends with it.
  const leave = () => {}
  context.signals.on('SIGINT', leave)
  try {
    context.setExit(await runAttached(argv))
  } finally {
    context.signals.off('SIGINT', leave)
  }
}
