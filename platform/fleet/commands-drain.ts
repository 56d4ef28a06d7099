import { MaruError, parseWith } from '#contract/errors.ts'
import { type HostView, isHandingOver, leavesOneDataCentre } from '#contract/host-view.ts'
import { HOST_LIMITS, hostRoutes } from '#contract/hosts.ts'
import { HostName } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { patiently } from '#runtime/cli/patiently.ts'
import { openSession, type Session } from '#runtime/cli/session.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { pause } from '#runtime/kit/pause.ts'

/** Exit code of a command that Ctrl-C ended, as shells have it. */
const INTERRUPTED = 130
const LOOK_EVERY_MS = 1_000

export interface Waiting {
  readonly waitMinutes?: string
}

/** How a command stays with a drain: so long, and what to type to come back. */
export interface Following {
  readonly minutes: number
  readonly again: string
}

/** The minutes that were asked for, or the usual ones. */
export function minutesOf({ waitMinutes }: Waiting): number {
  const minutes = waitMinutes === undefined ? HOST_LIMITS.drainWaitMinutes : Number(waitMinutes)
  if (minutes > 0 && Number.isFinite(minutes)) return minutes
  throw new MaruError('invalid', { field: '--wait-minutes', reason: 'must be a number of minutes above 0' })
}

/** `maru host drain` */
export async function drain(
  context: CliContext,
  name: string,
  options: ApiOptions & Waiting & { readonly wait?: boolean },
): Promise<void> {
  const host = parseWith(HostName, name, 'NAME')
  const minutes = minutesOf(options)
  const session = await openSession(context, options)
  const { api, out } = session
  const begun = await beginDrain(session, host)
  if (options.wait === false)
    return out.result(begun, () => `${host} is being emptied: ${describeRest(begun)}.\n`)
  const ended = await followDrain(session, host, { minutes, again: `maru host drain ${host}` })
  if (ended === undefined) return
  const { hosts } = await patiently(() => api.call(hostRoutes.list, {}))
  const view = hosts.find((one) => one.name === host) ?? ended
  out.result(view, () => describeEmpty(view))
}

/** `maru host undrain` */
export async function undrain(context: CliContext, name: string, options: ApiOptions): Promise<void> {
  const host = parseWith(HostName, name, 'NAME')
  const { api, out } = await openSession(context, options)
  const answer = await api.call(hostRoutes.undrain, { params: { host } })
  out.result(answer, () => `${host} takes instances again. They come back slowly, a few in a minute.\n`)
}

/** Begins to empty a host, or finds that it was begun, and says what is worse until it is back. */
export async function beginDrain({ api, out }: Session, host: HostName): Promise<HostView> {
  const { hosts } = await api.call(hostRoutes.list, {})
  const begun = await api.call(hostRoutes.drain, { params: { host } })
  if (leavesOneDataCentre(hosts, host))
    out.note(
      `Until ${host} or another host of ${begun.dataCentre} takes instances, every app is in one data centre.`,
    )
  return begun
}

/**
 * Waits until a host is empty; gives it as it is then. Undefined: Ctrl-C ended the wait. The drain goes on, also when the
 * wait has been long enough, and `again` comes back to it.
 */
export async function followDrain(
  session: Session,
  host: HostName,
  following: Following,
): Promise<HostView | undefined> {
  const { out, context } = session
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  context.signals.once('SIGINT', leave)
  try {
    const view = await untilEmpty(session, host, following, leaving.signal)
    if (view !== undefined) out.progress.end('done')
    else {
      out.progress.note(`\nThe drain goes on without you. Follow it: ${following.again}`)
      out.progress.note(`Take it back: maru host undrain ${host}`)
      context.setExit(INTERRUPTED)
    }
    return view
  } finally {
    context.signals.off('SIGINT', leave)
    out.progress.clear()
  }
}

async function untilEmpty(
  { api, out, context }: Session,
  name: HostName,
  { minutes, again }: Following,
  signal: AbortSignal,
): Promise<HostView | undefined> {
  const end = performance.now() + minutes * 60_000
  let said = ''
  const look = () => api.call(hostRoutes.list, {})
  while (!signal.aborted) {
    const seen = await patiently(look, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (seen === undefined) return undefined
    const { hosts } = seen
    const host = hosts.find((one) => one.name === name)
    if (host === undefined) throw new MaruError('hosts.not_found', { host: name })
    if (!host.draining) throw new MaruError('hosts.drain_ended', { host: name })
    const text = `Emptying ${name}: ${describeRest(host)}`
    // A file gets a line for each change; a terminal one that changes.
    if (said === '' || (text !== said && !context.stderr.isTTY)) out.progress.step(text)
    else out.progress.update(text)
    said = text
    if (host.instances === 0 && !isHandingOver(hosts, host)) return host
    if (performance.now() > end)
      throw new MaruError('hosts.not_empty_yet', { host: name, minutes, what: describeDelay(host), again })
    await pause(LOOK_EVERY_MS, signal)
  }
  return undefined
}

const describeRest = ({ instances, waiting }: HostView) =>
  instances === 0
    ? 'nothing is left'
    : `${counted(instances, 'instance')} left${waiting === 0 ? '' : `, ${waiting} of them wait for room on other hosts`}`

const describeDelay = (host: HostView) =>
  host.instances === 0 ? 'the address of its data centre still leads to it' : describeRest(host)

function describeEmpty({ name, role, state }: HostView): string {
  if (role === 'witness')
    return `${name} is being emptied: its member of the store (etcd) goes to another host.\n`
  return state === 'silent'
    ? `${name} is silent: what ran there was started elsewhere, and it ends the rest when it is heard again.\n`
    : `${name} is empty. It gets no instances until \`maru host undrain ${name}\`.\n`
}
