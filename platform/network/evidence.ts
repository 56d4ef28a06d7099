import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import { AGENT_PORT } from '#contract/host-identity.ts'
import type { Host } from '#contract/host-view.ts'
import { addressesOf } from '#contract/installation.ts'
import { listHosts } from '#platform/fleet/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { type FollowCommand, loadReports, runProbe } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { CREDENTIALS } from './layout.ts'
import { lockChecks } from './lock-down-evidence.ts'

/** What the network can show about itself. `follow` comes from the capability that runs one-off commands. */
export const networkChecks = (follow: FollowCommand): Check[] => [
  {
    name: 'network.closed',
    promises: ['NET-1', 'NET-2', 'CUS-6'],
    everyS: 300,
    validS: 1200,
    run: (deps, signal) => lookAtHosts(deps, follow, signal),
  },
  ...lockChecks,
]

/** Public addresses that answer wherever there is a way outside, a name server’s door among them. */
const PUBLIC = ['1.1.1.1:443', '8.8.8.8:53'] as const
/** No rule allows it and there is none: who is told that has asked somebody outside. */
const UNLISTED_NAME = 'unlisted.maru.invalid'
/** What a program hears of it then: the resolver’s own word, and what the engine’s makes of that. */
const REFUSALS = ['EREFUSED', 'ESERVFAIL']
const TRY_MS = 1_500

/** Runs inside an app's confinement, on an app's network, as any app's program would. */
const PROGRAM = `const { connect } = require('node:net')
const { resolve4 } = require('node:dns/promises')
const targets = JSON.parse(process.argv[1])
const tell = (target, end) => console.log(JSON.stringify({ target, end }))
const attempt = (target) => new Promise((resolve) => {
  const [host, port] = target.split(':')
  const socket = connect({ host, port: Number(port) })
  const end = (how) => { tell(target, how); socket.destroy(); resolve() }
  const timer = setTimeout(() => setImmediate(() => end('silent')), ${TRY_MS})
  socket.on('connect', () => { clearTimeout(timer); end('open') })
  socket.on('error', () => { clearTimeout(timer); end('refused') })
})
const ask = (name) => resolve4(name).then((all) => all.join(), ({ code }) => code)
  .then((said) => console.log(JSON.stringify({ name, said })))
Promise.all([...targets.map(attempt), ...process.argv.slice(2).map(ask)]).then(() => process.exit(0))`

interface Seen {
  readonly ends: ReadonlyMap<string, string>
  /** Name → what was said of it. */
  readonly names: ReadonlyMap<string, string>
}

/** From inside an app, on every host that runs apps: what it needs is open, and nothing else is. */
async function lookAtHosts(deps: ServerDeps, follow: FollowCommand, signal: AbortSignal): Promise<Finding> {
  const hosts = await read(() => listHosts(deps.db, deps.now()))
  const reports = await read(() => loadReports(deps.db))
  const problems: string[] = []
  let tried = 0
  const running = hosts.filter(({ name }) => reports.get(name)?.report.runsApps === true)
  for (const host of running) {
    const filter = reports.get(host.name)?.report.filter ?? null
    if (filter === null) problems.push(`${host.name} has not said that its rules are in force.`)
    else if (!filter.bridged)
      problems.push(`${host.name} does not judge packets between containers of one bridge.`)
    const seen = await probe(deps, host, hosts, follow, signal)
    if (seen === undefined) problems.push(`${host.name} has no stack yet that a probe could run on.`)
    else {
      problems.push(...judgeProbe(deps, host, seen))
      tried += seen.ends.size
    }
  }
  if (running.length === 0) problems.push('No host runs apps, so nothing could be tried from inside one.')
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'From inside an app only the proxy that leads to its database and the edge answered; the control plane, the store, the pair, the hosts themselves, a cloud’s credentials and the public addresses that were tried did not; of names it heard the platform’s own and no other.'
        : problems.join(' '),
    facts: [
      {
        name: 'Tried from inside an app',
        value: `${tried} doors on ${running.length} hosts, ${PUBLIC.length} public ones on each`,
      },
    ],
  }
}

function doorsOf({ config }: ServerDeps, hosts: readonly Host[]) {
  const { installation } = config
  const at = addressesOf(installation)
  const open = [`${at.pgproxy.apps}:${at.postgresPort}`, `${at.edge.apps}:${installation.ports.https}`]
  const shut = [
    ...[at.control.data, at.control.edge].map((address) => `${address}:${at.controlPort}`),
    ...at.etcd.map((address) => `${address}:${at.etcdPorts.client}`),
    ...at.postgres.flatMap((address) => [`${address}:${at.postgresPort}`, `${address}:${at.patroniPort}`]),
    `${at.pgproxy.data}:${at.postgresPort}`,
    ...[22, ...PORTS_BETWEEN_HOSTS].map((port) => `${at.edge.apps}:${port}`),
    ...hosts.flatMap(({ address }) => ['22', String(AGENT_PORT)].map((port) => `${address}:${port}`)),
    ...CREDENTIALS.map((address) => `${address}:80`),
    ...PUBLIC,
  ]
  return { open, shut }
}

async function probe(
  deps: ServerDeps,
  host: Host,
  hosts: readonly Host[],
  follow: FollowCommand,
  signal: AbortSignal,
): Promise<Seen | undefined> {
  const { open, shut } = doorsOf(deps, hosts)
  const asked = [deps.config.installation.domain, UNLISTED_NAME]
  const command = ['node', '-e', PROGRAM, JSON.stringify([...open, ...shut]), ...asked]
  const ends = new Map<string, string>()
  const names = new Map<string, string>()
  const onLine = async (line: string) => {
    const said = JSON.parse(line) as { [key in 'target' | 'end' | 'name' | 'said']?: string }
    if (said.target !== undefined && said.end !== undefined) ends.set(said.target, said.end)
    if (said.name !== undefined && said.said !== undefined) names.set(said.name, said.said)
  }
  const ran = await runProbe(deps, { host: host.name, command, onLine }, follow, signal)
  return ran ? { ends, names } : undefined
}

/** Who reaches nothing at all proves nothing: what an app needs has to be open. */
function judgeProbe(deps: ServerDeps, host: Host, { ends, names }: Seen): string[] {
  const { open } = doorsOf(deps, [])
  const missing = open.filter((target) => ends.get(target) !== 'open')
  const leaks = [...ends].filter(([target, end]) => !open.includes(target) && end !== 'silent')
  return [
    ...(missing.length === 0
      ? []
      : [`From inside an app on ${host.name} not all that an app needs answered.`]),
    ...judgeNames(deps, host, names),
    ...leaks.map(([target]) => `From inside an app on ${host.name} ${nameOf(deps, target)} answered.`),
  ]
}

/** The platform’s own name is heard from the resolver; that there is no other one would have been heard from outside. */
function judgeNames({ config }: ServerDeps, { name: host }: Host, names: Seen['names']): string[] {
  const { domain, ...place } = config.installation
  const heard = names.get(domain)
  const unlisted = names.get(UNLISTED_NAME)
  return [
    ...(heard === addressesOf(place).edge.apps || !domain.includes('.')
      ? []
      : [`An app on ${host} asked for the platform’s own name and heard ${heard ?? 'nothing'}.`]),
    ...(REFUSALS.includes(unlisted ?? '')
      ? []
      : [
          `An app on ${host} asked for a name that no rule allows and was not refused it, but heard ${unlisted ?? 'nothing'}.`,
        ]),
  ]
}

/** What is public names no address of the inside. */
function nameOf({ config }: ServerDeps, target: string): string {
  const [address = '', port] = target.split(':')
  return address.startsWith(`${config.installation.subnet}.`)
    ? `a door of the inside at port ${port}`
    : `a door at port ${port}`
}
