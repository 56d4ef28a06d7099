import { replaceParts, untilOthers } from '#drills/hosts/newer-parts.ts'
import type { PartImage } from '#drills/newer-image.ts'
import { INSTANCE_COMPONENT } from '#runtime/agent/instance-spec.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { type BenchLab, FIRST, PAGE, pairIsApart, waitUntil } from './bench-lab.ts'
import type { EdgeVisitors } from './edges-visit.ts'

export const SECOND = 'dc2-h1'
const THIRD = 'dc2-h2'
const OTHERS_S = 120

/** Where a change happens, and who looks on. */
interface Ground {
  readonly lab: BenchLab
  readonly visitors: Pick<EdgeVisitors, 'leave'>
  readonly signal: AbortSignal
}

/** What changes under the visitors, by what an operator types. */
export interface Change {
  readonly name: string
  /** Whose edges are asked besides that of the first host. */
  readonly beside: readonly string[]
  before?(lab: BenchLab): Promise<void>
  /** Gives the names of the containers that were replaced by newer ones, where that is what it does; none may have stayed. */
  run(ground: Ground): Promise<readonly string[] | undefined>
}

export const CHANGES: readonly Change[] = [
  {
    name: 'deploy',
    beside: [SECOND],
    run: async ({ lab }) => {
      await lab.maru(FIRST, 'deploy', 'bench/rows-app', '--app', lab.app)
      await lab.maru(FIRST, 'deploy', 'examples/static-site', '--app', PAGE)
      return undefined
    },
  },
  { name: 'rollback', beside: [SECOND], run: ofEachApp('rollback') },
  { name: 'scaled up', beside: [SECOND], run: ofEachApp('scale', 'web=4') },
  { name: 'scaled down', beside: [SECOND], run: ofEachApp('scale', 'web=2') },
  {
    name: 'host agent, host after host',
    beside: [SECOND],
    run: (ground) => onEach([SECOND, FIRST], (host) => renewAgent(ground, host)),
  },
  { name: 'newer stack of apps', beside: [SECOND], run: rollStacks },
  {
    name: 'control plane and agent, host after host',
    beside: [SECOND],
    run: (ground) => onEach([SECOND, FIRST], (host) => updated(ground, host, 'platform')),
  },
  {
    name: 'edge and the ways between hosts, host after host',
    beside: [SECOND],
    run: (ground) => onEach([SECOND, FIRST], (host) => updated(ground, host, 'edge')),
  },
  { name: 'database minor update, the pair on two hosts', beside: [SECOND], run: updatePair },
  {
    name: 'host drained and taken back',
    beside: [SECOND],
    run: async ({ lab }) => {
      await lab.maru(FIRST, 'host', 'drain', SECOND)
      await lab.maru(FIRST, 'host', 'undrain', SECOND)
      for (const app of [lab.app, PAGE])
        await waitUntil(`${app} in both data centres`, async () => {
          return new Set(await lab.placesOfApp(app)).size === 2
        })
      return undefined
    },
  },
  {
    name: 'host replaced',
    beside: [SECOND, THIRD],
    before: async (lab) => {
      await lab.giveImages(THIRD)
      await lab.join(THIRD)
      await waitUntil('the successor to run apps', async () => (await lab.host(THIRD))?.runsApps)
    },
    run: replaceHost,
  },
]

/** What an owner types about each app that is visited. */
function ofEachApp(...args: readonly string[]): Change['run'] {
  return async ({ lab }) => {
    for (const app of [lab.app, PAGE]) await lab.maru(FIRST, ...args, '--app', app)
    return undefined
  }
}

/** The first host comes last, as an operator would have it. */
async function onEach(hosts: readonly string[], change: (host: string) => Promise<readonly string[]>) {
  const replaced: string[] = []
  for (const host of hosts) replaced.push(...(await change(host)))
  return replaced
}

/** The agent is told of another image for apps, and no app stands on it yet. */
async function renewAgent({ lab, signal }: Ground, host: string): Promise<readonly string[]> {
  const docker = await lab.engine(host)
  const before = (await docker.containers.list({})).filter(({ name }) => name === 'maru-agent')
  await lab.maru(host, 'up', '--renew', 'app', '--no-stack-roll')
  return all(before, await untilOthers(docker, before, { timeoutS: OTHERS_S, signal }), host)
}

/** Every app comes to stand on the stack that was made before; each of its instances is another one then. */
async function rollStacks({ lab }: Ground): Promise<readonly string[]> {
  const instances = async () => {
    const found = await Promise.all(
      [FIRST, SECOND].map(async (host) => {
        const { containers } = await lab.engine(host)
        return await containers.list({ [LABELS.component]: INSTANCE_COMPONENT })
      }),
    )
    return found.flat().filter(({ state }) => state === 'running')
  }
  const before = await instances()
  await lab.maru(FIRST, 'stack', 'roll')
  for (const { app, state } of await lab.stacks())
    if (state !== 'newest') throw new Error(`the stack of ${app} is ${state}`)
  await waitUntil('all instances to be others', async () => {
    const now = new Set((await instances()).map(({ id }) => id))
    return before.every(({ id }) => !now.has(id))
  })
  return before.map(({ name }) => name)
}

/** A newer image of a part comes to a host, where `maru up` brings it in. */
async function updated({ lab, signal }: Ground, host: string, image: PartImage): Promise<readonly string[]> {
  const up = (on: string) => lab.maru(on, 'up')
  const ground = { installation: { name: 'maru' }, engine: lab.engine, up, signal }
  const { replaced, stayed } = await replaceParts(ground, host, [image])
  await waitUntil('a whole pair', async () => (await lab.leader()) !== undefined)
  return all(
    replaced.map((name) => ({ name })),
    stayed,
    host,
  )
}

/** Their names; one that stayed ends the benchmark. */
function all(
  known: ReadonlyArray<{ readonly name: string }>,
  stayed: readonly string[],
  host: string,
): readonly string[] {
  if (stayed.length > 0) throw new Error(`on ${host} still the ones from before: ${stayed.join(', ')}`)
  if (known.length === 0) throw new Error(`on ${host} nothing was replaced`)
  return known.map(({ name }) => name)
}

/** A newer image of the database on both hosts, the one with the standby first. */
async function updatePair(ground: Ground): Promise<readonly string[]> {
  const leader = await ground.lab.leader()
  const hosts = leader === 'postgres-1' ? [SECOND, FIRST] : [FIRST, SECOND]
  return await onEach(hosts, (host) => updated(ground, host, 'patroni'))
}

/** The old host's visitors go on asking there until nothing is left on it; then they are sent elsewhere, and it is removed. */
async function replaceHost({ lab, visitors }: Ground): Promise<undefined> {
  await lab.maru(FIRST, 'host', 'drain', SECOND)
  await waitUntil('a pair on the successor', () => pairIsApart(lab, THIRD))
  for (const app of [lab.app, PAGE])
    await waitUntil(`${app} on the successor`, async () => (await lab.placesOfApp(app)).includes(THIRD))
  await visitors.leave(SECOND)
  // The lab has no witness: the store is left with two members.
  await lab.maru(FIRST, 'host', 'replace', SECOND, '--with', THIRD, '--two-voices')
}
