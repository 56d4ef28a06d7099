import { HOME } from '#contract/installation.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { run } from '#runtime/drivers/process.ts'
import { type BenchLab, FIRST, pairIsApart, waitUntil, withBenchLab } from './bench-lab.ts'
import type { Benchmark } from './benchmark.ts'
import { type Figure, figureOf, ratioOf } from './report.ts'
import { alternating, type InTurn, sameTurns } from './statistics.ts'

const SECOND = 'dc2-h1'
const [HERE, THERE, OPEN] = [
  'from the primary’s own host',
  'from another host, by the way to it',
  'from another host, by the way to it, no rules',
] as const
const WAYS = [HERE, THERE, OPEN] as const
type Way = (typeof WAYS)[number]
/** Where the one who asks is. */
const CLIENTS: Readonly<Record<Way, readonly [host: string, member: string]>> = {
  [HERE]: [FIRST, 'postgres-1'],
  [THERE]: [SECOND, 'postgres-2'],
  [OPEN]: [SECOND, 'postgres-2'],
}

/** Many short turns: what else happens on a machine is larger than what is measured, and meets all alike. */
const ROUNDS = 20
/** The own host is no goal: it is asked in every so many turns. */
const HERE_EVERY = 4
const LOAD_S = 1
const CONNECTIONS = 8
const SENT = { rows: 100, megabytesEach: 1 } as const
const COPY = `COPY (SELECT repeat('x', ${SENT.megabytesEach * 1_000_000}) FROM generate_series(1, ${SENT.rows})) TO STDOUT`

/** What the encrypted way to a part on another host takes, and what the rules take of it. */
export const betweenHosts: Benchmark = {
  name: 'between-hosts',
  title: 'The way between hosts',
  method: `Two hosts of a lab on this one machine. There is no overlay network: hosts reach each other’s parts through the platform’s doors with TLS (decision 22), and that way is what “overlay” means in the goal. The primary of the database is asked from the container of a member: of the one on its own host (in every ${HERE_EVERY}th turn), and of the one on the other host, which reaches it by HAProxy, TLS 1.3 with certificates of both hosts, and HAProxy again; and by the same way while none of Maru’s rules are in force on either; in ${ROUNDS} turns. The hosts’ agents rest meanwhile: they would put them in force again. pgbench asks for a row (select-only) over ${CONNECTIONS} connections, and once over one, a second each; psql takes ${SENT.rows * SENT.megabytesEach} MB in rows of a megabyte. PostgreSQL’s own TLS is in all of them. A ratio is that of a turn, and the median of all. Hosts, servers and who asks share two cores. Goal for the overlay: at least 0.85 of no rules.`,
  measure: async (place) => {
    if (place.quick) return { skipped: 'a lab with hosts takes minutes' }
    return await withBenchLab(place, async (lab) => {
      await lab.giveImages(SECOND)
      await lab.join(SECOND)
      await waitUntil('a pair on two hosts', () => pairIsApart(lab, SECOND))
      return await measureWays(lab, place.signal)
    })
  },
}

interface Asker {
  /** Runs a program of PostgreSQL; what it prints. */
  readonly inside: (program: string, ...args: string[]) => Promise<string>
  readonly queries: (connections: number) => Promise<number>
  readonly megabytes: () => Promise<number>
}

async function measureWays(lab: BenchLab, signal: AbortSignal): Promise<Figure[]> {
  const primary = await primaryOf(lab)
  const askerOf = (way: Way) => asker(lab, primary, way, signal)
  const askers = {
    [HERE]: await askerOf(HERE),
    [THERE]: await askerOf(THERE),
    [OPEN]: await askerOf(OPEN),
  }
  await askers[HERE].inside('pgbench', '--initialize', '--quiet', 'postgres')
  const none = (): Seen => ({ [HERE]: [], [THERE]: [], [OPEN]: [] })
  const rules = [await rulesOf(lab, FIRST), await rulesOf(lab, SECOND)]
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
  for (const [round, turn] of alternating(WAYS, ROUNDS).entries())
    for (const way of turn) {
      if (way === HERE && round % HERE_EVERY > 0) continue
      for (const each of rules) await each.apply(way !== OPEN)
      for (const { seen, ask } of columns) seen[way].push({ round, value: await ask(askers[way]) })
    }
  const against = (row: string, other: Way) =>
    columns.map(({ title, seen }) => ratioOf(row, title, ...sameTurns(seen[THERE], seen[other])))
  return [
    ...WAYS.flatMap((way) =>
      columns.map(({ title, unit, seen }) => figureOf(way, title, unit, seen[way].map(asValue))),
    ),
    ...against('the way against the own host', HERE),
    ...against('the way with its rules against without', OPEN),
  ]
}

type Seen = Record<Way, InTurn[]>
const asValue = ({ value }: InTurn) => value

/** The rules of a host that its agent has made, which rests from now on: it would have them in force again. */
async function rulesOf(
  { engine, enter }: BenchLab,
  host: string,
): Promise<{ apply(areInForce: boolean): Promise<void> }> {
  await (await engine(host)).containers.stop('maru-agent')
  const nft = makeNft(await enter(host))
  const tables = (await nft.tables()).filter(({ name }) => name.startsWith('maru_'))
  if (tables.length === 0) throw new Error(`${host} has no rules`)
  return {
    apply: async (areInForce) => {
      const flags = areInForce ? '' : ' { flags dormant; }'
      await nft.load(tables.map(({ family, name }) => `add table ${family} ${name}${flags}\n`).join(''))
      for (const { family, name } of tables) {
        const isDormant = (await nft.rules(family, name))?.includes('flags dormant')
        if (isDormant === areInForce) throw new Error(`${host}: not as it should be: ${name}`)
      }
    },
  }
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
async function asker(
  { enter }: BenchLab,
  { bin_dir, connect_address, authentication }: Primary,
  way: Way,
  signal: AbortSignal,
): Promise<Asker> {
  const [host, member] = CLIENTS[way]
  const [address = '', port = ''] = connect_address.split(':')
  const settings = [`PGPASSWORD=${authentication.superuser.password}`, 'PGSSLMODE=require']
  const env = [...settings, `PGHOST=${address}`, `PGPORT=${port}`, 'PGUSER=postgres'].flatMap((one) => [
    '--env',
    one,
  ])
  // Not by the command line: it takes as long to start as what is measured.
  const entering = await enter(host)
  const inside = async (program: string, ...args: string[]) => {
    const argv: [string, ...string[]] = [
      ...entering,
      'docker',
      'exec',
      ...env,
      `maru-${member}`,
      `${bin_dir}/${program}`,
      ...args,
    ]
    const done = await run(argv, { interrupt: signal })
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
