import { AGENT_PORT } from '#contract/host-identity.ts'
import type { Host } from '#contract/host-view.ts'
import { addressesOf } from '#contract/installation.ts'
import { listHosts } from '#platform/fleet/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { type FollowCommand, loadReports, runProbe } from '#platform/workload/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { BETWEEN_HOSTS } from './compile.ts'

/** What the network can show about itself. `follow` comes from the capability that runs one-off commands. */
export const networkChecks = (follow: FollowCommand): Check[] => [
  {
    name: 'network.closed',
    promises: ['NET-1', 'NET-2', 'CUS-6'],
    everyS: 300,
    validS: 1200,
    run: (deps, signal) => lookAtHosts(deps, follow, signal),
  },
]

/** A public name that is there wherever there is a way outside: builds need it. */
const PUBLIC_NAME = 'registry.npmjs.org'
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
const outside = resolve4(process.argv[2]).then(([one]) => [one + ':443'], () => [])
Promise.all([...targets.map(attempt), outside.then((all) => {
  console.log(JSON.stringify({ outside: all.length > 0 }))
  return Promise.all(all.map(attempt))
})]).then(() => process.exit(0))`

interface Seen {
  readonly ends: ReadonlyMap<string, string>
  /** Whether a public name was found, so that its address could be tried. */
  readonly outside: boolean
}

/** From inside an app, on every host that runs apps: what it needs is open, and nothing else is. */
async function lookAtHosts(deps: ServerDeps, follow: FollowCommand, signal: AbortSignal): Promise<Finding> {
  const hosts = await read(() => listHosts(deps.db, deps.now()))
  const reports = await read(() => loadReports(deps.db))
  const problems: string[] = []
  let tried = 0
  let outside = 0
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
      outside += seen.outside ? 1 : 0
    }
  }
  if (running.length === 0) problems.push('No host runs apps, so nothing could be tried from inside one.')
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'From inside an app only the proxy that leads to its database and the edge answered; the control plane, the store, the pair, the hosts themselves, a cloud’s credentials and the public address that was tried did not.'
        : problems.join(' '),
    facts: [
      { name: 'Tried from inside an app', value: `${tried} doors on ${running.length} hosts` },
      {
        name: 'Public addresses tried',
        value: `${outside}; a host whose name servers do not answer tries none`,
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
    ...['22', ...BETWEEN_HOSTS].map((port) => `${at.edge.apps}:${port}`),
    ...hosts.flatMap(({ address }) => ['22', String(AGENT_PORT)].map((port) => `${address}:${port}`)),
    '169.254.169.254:80',
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
  const command = ['node', '-e', PROGRAM, JSON.stringify([...open, ...shut]), PUBLIC_NAME]
  const ends = new Map<string, string>()
  let outside = false
  const onLine = async (line: string) => {
    const said = JSON.parse(line) as { target?: string; end?: string; outside?: boolean }
    if (said.target !== undefined && said.end !== undefined) ends.set(said.target, said.end)
    outside ||= said.outside === true
  }
  const ran = await runProbe(deps, { host: host.name, command, onLine }, follow, signal)
  return ran ? { ends, outside } : undefined
}

/** Who reaches nothing at all proves nothing: what an app needs has to be open. */
function judgeProbe(deps: ServerDeps, host: Host, { ends }: Seen): string[] {
  const { open } = doorsOf(deps, [])
  const missing = open.filter((target) => ends.get(target) !== 'open')
  const leaks = [...ends].filter(([target, end]) => !open.includes(target) && end !== 'silent')
  return [
    ...(missing.length === 0
      ? []
      : [`From inside an app on ${host.name} not all that an app needs answered.`]),
    ...leaks.map(([target]) => `From inside an app on ${host.name} ${nameOf(deps, target)} answered.`),
  ]
}

/** What is public names no address of the inside. */
function nameOf({ config }: ServerDeps, target: string): string {
  const [address = '', port] = target.split(':')
  return address.startsWith(`${config.installation.subnet}.`)
    ? `a door of the inside at port ${port}`
    : `a door at port ${port}`
}
