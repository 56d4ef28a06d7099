import { MaruError, parseWith } from '#contract/errors.ts'
import { type HostView, leavesOneDataCentre } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { HostName } from '#contract/ids.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession, type Session } from '#runtime/cli/session.ts'
import { pause } from '#runtime/kit/pause.ts'
import { isPassing } from '#runtime/kit/retry.ts'
import { beginDrain, type Following, followDrain, minutesOf, type Waiting } from './commands-drain.ts'
import { type RemovalOptions, removalQuery } from './commands-hosts.ts'

type Options = ApiOptions & RemovalOptions & Waiting & { readonly with: string }

const LOOK_EVERY_MS = 1_000
/** Exit code when nothing was refused, and it is the other machine's turn. */
const NOT_YET = 1

/**
 * `maru host replace`: what `drain` and `remove` do, one after the other. All that has been reached is kept by the
 * control plane, so the same command goes on wherever the one before was interrupted.
 */
export async function replace(context: CliContext, name: string, options: Options): Promise<void> {
  const old = parseWith(HostName, name, 'OLD')
  const next = parseWith(HostName, options.with, '--with')
  const minutes = minutesOf(options)
  if (old === next) throw new MaruError('invalid', { field: '--with', reason: 'must be another host' })
  const session = await openSession(context, options)
  const { hosts } = await session.api.call(hostRoutes.list, {})
  const [from, to] = [old, next].map((one) => hosts.find((host) => host.name === one))
  const trial = { params: { host: old }, query: { ...removalQuery(options), trial: 'true' } }
  if (from === undefined) {
    // Done, where the command before was interrupted behind the removal; refused where no host ever had the name.
    await session.api.call(hostRoutes.remove, trial)
    return tellReplaced(session, old, to)
  }
  if (to === undefined) return await invite(session, from, next)
  checkSuccessor(from, to)
  if (!options.last && !options.lost && leavesOneDataCentre(hosts, old))
    throw new MaruError('hosts.last_in_data_centre', { host: old, dataCentre: from.dataCentre })
  // Before it is emptied, not after.
  await session.api.call(hostRoutes.remove, trial)
  const following = { minutes, again: again(old, options) }
  if (!options.lost && !(await empty(session, old, following))) return
  await removeWhenLeft(session, old, removalQuery(options), following)
  tellReplaced(session, old, to)
}

function again(old: HostName, options: Options): string {
  const said = [...(options.last ? ['--last'] : []), ...(options.twoVoices ? ['--two-voices'] : [])]
  return ['maru host replace', old, '--with', options.with, ...said].join(' ')
}

/** False when Ctrl-C ended the wait. */
async function empty(session: Session, host: HostName, following: Following): Promise<boolean> {
  try {
    await beginDrain(session, host)
  } catch (error) {
    // A witness of which nothing would go elsewhere is empty.
    if (error instanceof MaruError && error.code === 'hosts.is_witness') return true
    throw error
  }
  return (await followDrain(session, host, following)) !== undefined
}

/** Removes the host as soon as what it had of the platform has another place. */
async function removeWhenLeft(
  { api, out }: Session,
  host: HostName,
  query: ReturnType<typeof removalQuery>,
  { minutes }: Following,
): Promise<void> {
  const end = performance.now() + minutes * 60_000
  let isAsked = false
  for (;;) {
    try {
      await api.call(hostRoutes.remove, { params: { host }, query })
      return
    } catch (error) {
      if (!(error instanceof MaruError)) throw error
      // The answer to the request before may have been lost with the control plane that carried it out.
      if (isAsked && error.code === 'hosts.not_found') return
      const isLeaving = error.code === 'hosts.still_has_parts'
      if (!(isLeaving || isPassing(error)) || performance.now() > end) throw error
      isAsked ||= !isLeaving
      out.progress.step(error.message)
      await pause(LOOK_EVERY_MS)
    }
  }
}

function checkSuccessor(from: HostView, to: HostView): void {
  const refuse = (reason: string) =>
    new MaruError('hosts.cannot_replace', { host: to.name, old: from.name, reason })
  if (to.role !== from.role) throw refuse(`it is ${to.role}, not ${from.role}`)
  if (to.state !== 'ready') throw refuse(`it is ${to.state}`)
  if (from.runsApps && !to.runsApps) throw refuse('it does not run apps')
}

/** The new host is not there yet: the command for it is the result. */
async function invite({ api, out, context }: Session, from: HostView, name: HostName): Promise<void> {
  const { dataCentre, role } = from
  const made = await api.call(hostRoutes.invite, { body: { name, dataCentre, role } })
  out.note(
    `${name} is not there yet. Type this on the new machine, as root, in a copy of this program; it works once, until ${made.expiresAt.slice(11, 16)} UTC. When it is ready, type the command before again; nothing has been changed so far.`,
  )
  out.result(made, () => `${made.command}\n`)
  context.setExit(NOT_YET)
}

function tellReplaced({ out }: Session, old: HostName, to: HostView | undefined): void {
  if (to === undefined) throw new MaruError('hosts.not_found', { host: old })
  const text = `${old} is removed; ${to.name} is in its place. On the old machine, \`maru destroy\` clears what is left.\n`
  out.result({ removed: old, host: to }, () => text)
}
