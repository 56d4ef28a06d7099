import { HOME } from '#contract/installation.ts'
import { type BenchLab, FIRST, joined, pairIsApart, waitUntil, withBenchLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { type Figure, figureOf, ratioOf } from './report.ts'
import { alternating } from './statistics.ts'

const SECOND = 'dc2-h1'
const [HERE, THERE] = ['from the primary’s own host', 'from another host, by the way to it'] as const
const WAYS = [HERE, THERE] as const
type Way = (typeof WAYS)[number]
/** Where the one who asks is. */
const CLIENTS: Readonly<Record<Way, readonly [host: string, member: string]>> = {
  [HERE]: [FIRST, 'postgres-1'],
  [THERE]: [SECOND, 'postgres-2'],
}

const ROUNDS = 6
const LOAD_S = 3
const CONNECTIONS = 8
const SENT = { rows: 400, megabytesEach: 1 } as const
const COPY = `COPY (SELECT repeat('x', ${SENT.megabytesEach * 1_000_000}) FROM generate_series(1, ${SENT.rows})) TO STDOUT`

/** What the encrypted way to a part on another host takes. */
export const betweenHosts: Benchmark = {
  name: 'between-hosts',
  title: 'The way between hosts',
  method: `Two hosts of a lab on this one machine. The primary of the database is asked from the container of a member: of the one on its own host, and of the one on the other host, which reaches it by HAProxy, TLS 1.3 with certificates of both hosts, and HAProxy again; in turns. pgbench asks for a row (select-only) over ${CONNECTIONS} connections, and once over one; psql takes ${SENT.rows * SENT.megabytesEach} MB in rows of a megabyte. PostgreSQL’s own TLS is in all of them. A ratio is that of a turn, and the median of all. Hosts, servers and who asks share two cores.`,
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    return await withBenchLab(place, async (lab) => {
      await lab.giveImages(SECOND)
      await joined(lab, SECOND, 'dc2')
      await waitUntil('a pair on two hosts', () => pairIsApart(lab, SECOND))
      return await measureWays(lab)
    })
  },
}

interface Asker {
  /** Runs a program of PostgreSQL; what it prints. */
  readonly inside: (program: string, ...args: string[]) => Promise<string>
  readonly queries: (connections: number) => Promise<number>
  readonly megabytes: () => Promise<number>
}

async function measureWays(lab: BenchLab): Promise<Figure[]> {
  const primary = await primaryOf(lab)
  const askers = { [HERE]: asker(lab, primary, HERE), [THERE]: asker(lab, primary, THERE) }
  await askers[HERE].inside('pgbench', '--initialize', '--quiet', 'postgres')
  const none = (): Record<Way, number[]> => ({ [HERE]: [], [THERE]: [] })
  const columns = [
    {
      title: `queries, ${CONNECTIONS} connections`,
      unit: 'queries/s',
      seen: none(),
      ask: ({ queries }: Asker) => queries(CONNECTIONS),
    },
    {
      title: 'queries, one connection',
      unit: 'queries/s',
      seen: none(),
      ask: ({ queries }: Asker) => queries(1),
    },
    {
      title: 'sent over one connection',
      unit: 'MB/s',
      seen: none(),
      ask: ({ megabytes }: Asker) => megabytes(),
    },
  ] as const
  for (const turn of alternating(WAYS, ROUNDS))
    for (const way of turn) for (const { seen, ask } of columns) seen[way].push(await ask(askers[way]))
  return [
    ...WAYS.flatMap((way) => columns.map(({ title, unit, seen }) => figureOf(way, title, unit, seen[way]))),
    ...columns.map(({ title, seen }) =>
      ratioOf('the way against the own host', title, seen[THERE], seen[HERE]),
    ),
  ]
}

interface Primary {
  readonly bin_dir: string
  /** ADDRESS:PORT, the same on every host. */
  readonly connect_address: string
  readonly authentication: { readonly superuser: { readonly password: string } }
}

async function primaryOf(lab: BenchLab): Promise<Primary> {
  const { exitCode, stdout, stderr } = await lab.exec(
    FIRST,
    'cat',
    `/var/lib/maru/${HOME.postgres(1)}/patroni.yml`,
  )
  if (exitCode !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as { postgresql: Primary }).postgresql
}

/** Whoever asks from a member's container, as the superuser of the pair. */
function asker(lab: BenchLab, { bin_dir, connect_address, authentication }: Primary, way: Way): Asker {
  const [host, member] = CLIENTS[way]
  const [address = '', port = ''] = connect_address.split(':')
  const settings = [`PGPASSWORD=${authentication.superuser.password}`, 'PGSSLMODE=require']
  const env = [...settings, `PGHOST=${address}`, `PGPORT=${port}`, 'PGUSER=postgres'].flatMap((one) => [
    '--env',
    one,
  ])
  const inside = async (program: string, ...args: string[]) => {
    const argv = ['docker', 'exec', ...env, `maru-${member}`, `${bin_dir}/${program}`, ...args]
    const done = await lab.exec(host, ...argv)
    if (done.exitCode !== 0) throw new Error(`${program} on ${host}: ${done.stderr}`)
    return done.stdout
  }
  return {
    inside,
    queries: async (connections) => {
      const load = ['--builtin', 'select-only', '--client', String(connections), '--time', String(LOAD_S)]
      const printed = await inside('pgbench', '--no-vacuum', ...load, 'postgres')
      const rate = /^tps = ([\d.]+)/m.exec(printed)?.[1]
      if (rate === undefined) throw new Error(`pgbench: ${printed}`)
      return Number(rate)
    },
    megabytes: async () => {
      const commands = ['\\timing on', COPY].flatMap((one) => ['--command', one])
      const printed = await inside('psql', '--quiet', '--output', '/dev/null', ...commands, 'postgres')
      const ms = /^Time: ([\d.]+) ms/m.exec(printed)?.[1]
      if (ms === undefined) throw new Error(`psql: ${printed}`)
      return (SENT.rows * SENT.megabytesEach) / (Number(ms) / 1000)
    },
  }
}
