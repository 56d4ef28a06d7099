import { CONTROL_SERVICES } from '#contract/fleet.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { HostsPlace } from './hosts-place.ts'

/** Shorter than a control plane takes to start. */
const EVERY_MS = 100
const ASK_EVERY_MS = 1000

/** Nobody in a lab has a control plane: each is killed, and again whenever it is started. */
export interface WithoutControl {
  /** Lets them come back. */
  end(): Promise<{ readonly killed: number; readonly answered: number }>
}

/** Whether root is answered on a host, by the control plane there. */
async function answersRoot(place: HostsPlace, host: string): Promise<boolean> {
  const argv = ['curl', '--silent', '--fail', '--max-time', '1', '--unix-socket', rootSocket(DEFAULT_HOME)]
  return (await place.run(host, [...argv, 'http://root/health'])).exitCode === 0
}

/** A host on which no control plane answers, in a few words: an engine waits the longer the more often it has started one. */
export async function controlMissing(place: HostsPlace): Promise<string | undefined> {
  for (const { name } of place.hosts.filter(({ full }) => full))
    if (!(await answersRoot(place, name))) return `the control plane of ${name}`
  return undefined
}

export function keepControlAway(place: HostsPlace): WithoutControl {
  const leaving = new AbortController()
  const { signal } = leaving
  let [killed, answered] = [0, 0]
  const kill = async (service: (typeof CONTROL_SERVICES)[number]) => {
    const { name } = await place.hostOf(service)
    const { containers } = await place.engine(name)
    let before = 0
    for (; !signal.aborted; await pause(EVERY_MS, signal)) {
      const pid = (await containers.inspect(`${place.installation.name}-${service}`))?.pid ?? 0
      if (pid === 0 || pid === before) continue
      before = pid
      const done = await place.killProcess(name, pid).then(
        () => true,
        // It has just ended by itself.
        () => false,
      )
      if (done) killed += 1
    }
  }
  const ask = async (host: string) => {
    for (; !signal.aborted; await pause(ASK_EVERY_MS, signal))
      if (await answersRoot(place, host)) answered += 1
  }
  const killing = Promise.all(CONTROL_SERVICES.map(kill))
  // The first question comes when the first ones are dead.
  const asking = pause(ASK_EVERY_MS, signal).then(() =>
    Promise.all(place.hosts.filter(({ full }) => full).map(({ name }) => ask(name))),
  )
  // Told of when it is ended.
  for (const one of [killing, asking]) one.catch(() => undefined)
  return {
    end: async () => {
      leaving.abort()
      await Promise.all([killing, asking])
      return { killed, answered }
    },
  }
}
