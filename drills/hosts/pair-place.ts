import { join } from 'node:path'
import { ServiceName } from '#contract/fleet.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import type { Drill, DrillPlace, Stages, Teller } from '../drill.ts'
import type { PartHost } from '../part-host.ts'
import { secondsUntil } from '../wait-until.ts'
import { maruInLab } from './app-in-lab.ts'
import type { HostsGround } from './hosts-place.ts'
import { whatIsMissingOfPair } from './wholeness.ts'

const READY_S = 180
const HOLD_LOCK = join(import.meta.dirname, 'hold-lock-here.ts')

/** A lab of several hosts as a drill on the pair sees it that runs outside of them, on the network of the host `writersAt`. */
export async function placeOnPair(
  lab: HostsGround,
  writersAt: string,
): Promise<Omit<DrillPlace, keyof Teller>> {
  return {
    installation: lab.installation,
    home: join(await lab.root(writersAt), DEFAULT_HOME),
    docker: await lab.engine(writersAt),
    hostOf: async (part) => handsOn(lab, (await lab.hostOf(ServiceName.parse(part))).name),
    maru: (args) =>
      maruInLab(
        lab,
        lab.hosts.filter(({ full }) => full),
        args,
      ),
  }
}

const handsOn = async (lab: HostsGround, host: string): Promise<PartHost> => ({
  docker: await lab.engine(host),
  home: DEFAULT_HOME,
  root: await lab.root(host),
  kill: (pid) => lab.killProcess(host, pid),
  takeLock: () => holdLock(lab, host),
})

/** The lock of a host is held by a program in it. Where that has ended before the lock is given back, whoever gives it back is told. */
export async function holdLock(lab: Pick<HostsGround, 'keep'>, host: string): Promise<() => void> {
  const release = new AbortController()
  const taken = Promise.withResolvers<void>()
  let lost: string | undefined
  const held = lab.keep(host, [process.execPath, HOLD_LOCK], release.signal, () => taken.resolve())
  const ended = held.then(({ stderr }) => {
    lost = stderr.trim().split('\n').at(-1) ?? ''
    throw new Error(`${host} was not held: ${lost}`)
  })
  await Promise.race([taken.promise, ended])
  return () => {
    if (lost !== undefined)
      throw new Error(`the lock of ${host} was lost meanwhile, and its agent may have been at the containers`)
    release.abort()
  }
}

/** The stages of a drill on the pair, once the pair is where it belongs: hosts that have just joined still get their parts. */
export function onceInPlace(drill: Drill, lab: HostsGround, place: DrillPlace): Stages {
  const stages = drill.begin(place)
  let missing: string | undefined
  const isInPlace = async () => {
    missing = await whatIsMissingOfPair(lab)
    if (missing !== undefined) place.show(`Waiting: ${missing}`)
    return missing === undefined
  }
  return {
    ...stages,
    setUp: async () => {
      if ((await secondsUntil({ timeoutS: READY_S, signal: place.signal }, isInPlace)) >= READY_S)
        throw new Error(`the pair is not where it belongs after ${READY_S} s: ${missing}`)
      await stages.setUp()
    },
  }
}
