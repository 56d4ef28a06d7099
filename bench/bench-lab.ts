import { mkdtemp, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Instance } from '#contract/apps.ts'
import type { HostView } from '#contract/host-view.ts'
import type { AppStack } from '#contract/stacks.ts'
import {
  engineOf,
  enterArgv,
  findHost,
  giveImages,
  hostsOf,
  joinPlatform,
  LAB_DOMAIN,
  type Lab,
  openLab,
} from '#lab/index.ts'
import type { Visit } from '#lab/visit.ts'
import type { RunResult } from '#runtime/drivers/process.ts'
import { type BenchPlace, maruOk } from './benchmark.ts'

/** A lab of two data centres for one benchmark: the platform is on its first host, the others are bare. */
export interface BenchLab {
  readonly app: string
  /** Who asks both edges of the app, from outside. */
  readonly visit: Omit<Visit, 'addresses'>
  readonly home: string
  address(host: string): string
  /** The name by which an app is visited. */
  nameOf(app: string): string
  engine(host: string): ReturnType<typeof engineOf>
  /** Copies the stack images to a host, as they would be built there. */
  giveImages(host: string): Promise<void>
  /** Another machine becomes a host, by what an operator types on the first one and on it. */
  join(host: string): Promise<void>
  exec(host: string, ...argv: string[]): Promise<RunResult>
  /** Arguments that lead into a host. */
  enter(host: string): Promise<[string, ...string[]]>
  /** The command line on a host; anything but exit code 0 ends the benchmark. */
  maru(host: string, ...args: string[]): Promise<string>
  /** The first host's view of another one. */
  host(name: string): Promise<HostView | undefined>
  /** Where the instances of an app are that serve; the one that writes where none is named. */
  placesOfApp(app?: string): Promise<string[]>
  /** Each app with how its stack is, as `maru stack list` has it. */
  stacks(): Promise<AppStack[]>
  /** The pair is synchronous; gives who leads. */
  leader(): Promise<string | undefined>
}

/** The host with the platform. */
export const FIRST = 'dc1-h1'
const APP = 'rows'
/** An app of pages without a server of its own, where a benchmark deploys it. */
export const PAGE = 'page'
const LOOK_MS = 100

/** Makes a lab in a folder of its own, `shape` being what `maru lab up` is told of it, and takes it down, whatever happens. */
export async function withLab<T>(
  place: BenchPlace,
  shape: readonly string[],
  work: (home: string) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp('/var/tmp/maru-lab-bench-')
  const wake = await restOwnInstallation(place)
  try {
    place.say('making a lab')
    await maruOk(place, ['lab', 'up', '--home', home, ...shape])
    return await work(home)
  } finally {
    place.say('taking the lab down')
    await place.maru(['lab', 'down', '--home', home], { putsBack: true })
    await rm(home, { recursive: true, force: true })
    await wake()
  }
}

/** The installation of this run would take processor time from the lab, so it is down meanwhile. Somebody else's goes on. */
async function restOwnInstallation(place: BenchPlace): Promise<() => Promise<void>> {
  if (place.firstUp === undefined) return async () => undefined
  await maruOk(place, ['down'])
  return async () => void (await maruOk(place, ['up'], { putsBack: true }))
}

/** A lab of bare hosts, the first of which gets the platform and the app. */
export const withBenchLab = <T>(place: BenchPlace, work: (lab: BenchLab) => Promise<T>): Promise<T> =>
  withLab(place, ['--hosts-per-data-centre', '2', '--no-platform'], async (home) => {
    const lab = benchLab(place, await openLab(home, {}))
    await lab.giveImages(FIRST)
    await lab.maru(FIRST, 'up', '--lab', '--domain', LAB_DOMAIN, '--data-centre', 'dc1')
    await lab.maru(FIRST, 'deploy', 'bench/rows-app', '--app', APP)
    return await work(lab)
  })

const nameOf = (app: string) => `${app}.${LAB_DOMAIN}`

function benchLab(place: BenchPlace, lab: Lab): BenchLab {
  const { home } = lab
  const exec = (host: string, ...argv: string[]) =>
    place.maru(['lab', 'exec', '--home', home, host, '--', ...argv])
  const maru = async (host: string, ...args: string[]) => {
    const done = await exec(host, './maru', ...args)
    if (done.exitCode === 0) return done.stdout
    throw new Error(`\`maru ${args.join(' ')}\` on ${host} ended with ${done.exitCode}: ${done.stderr}`)
  }
  const json = async <T>(...args: string[]) => JSON.parse(await maru(FIRST, ...args, '--json')) as T
  return {
    app: APP,
    home,
    visit: {
      name: nameOf(APP),
      caFile: `${home}/hosts/${FIRST}/disk/var/lib/maru/pki/root.crt`,
    },
    nameOf,
    address: (name) => hostsOf(lab.plan).find((one) => one.name === name)?.address ?? '',
    engine: (name) => engineOf(lab, findHost(lab, name)),
    giveImages: async (name) => void (await giveImages(lab, findHost(lab, name))),
    join: (name) => joinPlatform(lab, findHost(lab, FIRST), findHost(lab, name)),
    exec,
    enter: (name) => enterArgv(lab, name, []),
    maru,
    host: async (name) =>
      (await json<{ hosts: HostView[] }>('host', 'list')).hosts.find((one) => one.name === name),
    stacks: async () => (await json<{ apps: AppStack[] }>('stack', 'list')).apps,
    placesOfApp: async (app = APP) =>
      (await json<{ instances: Instance[] }>('ps', '--app', app)).instances
        .filter(({ state }) => state === 'healthy')
        .map(({ host }) => host),
    leader: async () => leaderIn(await exec(FIRST, ...PATRONI_LIST)),
  }
}

const PATRONI_LIST = ['docker', 'exec', 'maru-postgres-1', 'patronictl', 'list', '--format', 'json']

function leaderIn({ exitCode, stdout }: RunResult): string | undefined {
  if (exitCode !== 0) return undefined
  const members = JSON.parse(stdout) as Array<Record<'Member' | 'Role' | 'State', string>>
  const isWhole = members.some(({ Role, State }) => Role === 'Sync Standby' && State === 'streaming')
  return isWhole
    ? members.find(({ Role, State }) => Role === 'Leader' && State === 'running')?.Member
    : undefined
}

/** The second member of the pair is on that host, and follows. */
export async function pairIsApart(lab: BenchLab, host: string): Promise<boolean> {
  const docker = await lab.engine(host)
  const there = await docker.containers.inspect('maru-postgres-2')
  return there?.state === 'running' && (await lab.leader()) !== undefined
}

/** Asks again until the answer is there, then gives it. */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutS = 120,
): Promise<T> {
  const end = performance.now() + timeoutS * 1000
  while (performance.now() < end) {
    const answer = await ask()
    if (answer) return answer
    await delay(LOOK_MS)
  }
  throw new Error(`${what}: not within ${timeoutS} s`)
}
