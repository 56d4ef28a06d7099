import { PEER_PORT } from '#contract/fleet.ts'
import { AGENT_PORT, type HostIdentity } from '#contract/host-identity.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'

export interface PortFact {
  readonly port: number
  readonly holder: PortHolder | undefined
}

export interface PortHolder {
  readonly pid: number
  readonly name: string
}

export interface RouteFact {
  readonly device: string
  readonly address: number
  readonly mask: number
}

interface Owned {
  readonly name: string
  readonly owner: string | undefined
}

/** What was seen on the machine. */
export interface HostFacts {
  readonly uid: number
  readonly architecture: string
  readonly os: { readonly id: string; readonly version: string; readonly name: string }
  readonly memoryMb: number
  readonly disks: ReadonlyArray<{ readonly path: string; readonly freeMb: number }>
  /** The asked-for ports that someone listens on. */
  readonly ports: readonly PortFact[]
  readonly routes: readonly RouteFact[]
  /** None: the engine isn't running (yet). */
  readonly engine:
    | {
        readonly containers: ReadonlyArray<
          Owned & { readonly component: string | undefined; readonly running: boolean }
        >
        readonly networks: readonly Owned[]
      }
    | undefined
  readonly clock: { readonly now: number; readonly notBefore: number; readonly mirror: number | undefined }
}

/** One thing that was checked. `advice` is empty where all is well. */
export interface Check {
  readonly check: string
  readonly ok: boolean
  readonly what: string
  readonly advice: string
}

type Wanted = Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>

export const HOST_NEEDS = {
  memoryMb: 1900,
  /** For the first start: images, databases, and room for apps. */
  freeMb: 10_240,
  /** Later: a host that fills up must still be brought back after a restart. */
  freeLaterMb: 1_024,
  clockSkewS: 300,
} as const
const DEBIAN_VERSIONS: readonly string[] = ['12', '13']
const DAY_MS = 86_400_000

/** Ports that a host needs: a witness serves nobody, and only a host that joined is sure to have others beside it. */
export function portsOf(
  host: Pick<HostIdentity, 'first' | 'role'>,
  { ports }: Pick<Wanted, 'ports'>,
): number[] {
  const edge = host.role === 'full' ? [ports.http, ports.https] : []
  if (host.first) return edge
  return host.role === 'full' ? [...edge, PEER_PORT, AGENT_PORT] : [AGENT_PORT]
}

/** Judges the machine: every check at once, in the order in which a person would mend them. */
export function judgeHost(
  facts: HostFacts,
  wanted: Wanted,
  isNew: boolean,
  ports: readonly number[] = [wanted.ports.http, wanted.ports.https],
): Check[] {
  return [
    checkRoot(facts),
    checkSystem(facts),
    checkMemory(facts),
    ...facts.disks.map((disk) => checkDisk(disk, isNew ? HOST_NEEDS.freeMb : HOST_NEEDS.freeLaterMb)),
    ...ports.map((port) => checkPort(facts, wanted, port)),
    checkClock(facts.clock),
    checkSubnet(facts, wanted),
    checkNames(facts, wanted),
  ]
}

const judge = (check: string, ok: boolean, what: string, advice: string): Check => ({
  check,
  ok,
  what,
  advice: ok ? '' : advice,
})

const checkRoot = ({ uid }: HostFacts) =>
  judge('root', uid === 0, uid === 0 ? 'running as root' : `running as user ${uid}`, 'Run it with sudo.')

function checkSystem({ os, architecture }: HostFacts): Check {
  const known = os.id === 'debian' && DEBIAN_VERSIONS.includes(os.version) && architecture === 'x64'
  const what = `${os.name || 'unknown system'}, ${architecture}`
  return judge('system', known, what, 'Use a machine with Debian 12 or 13 on x86-64.')
}

const checkMemory = ({ memoryMb }: HostFacts) =>
  judge(
    'memory',
    memoryMb >= HOST_NEEDS.memoryMb,
    `${memoryMb} MB of memory`,
    'Give the machine at least 2 GB of memory.',
  )

const checkDisk = ({ path, freeMb }: HostFacts['disks'][number], needMb: number) =>
  judge(
    'disk',
    freeMb >= needMb,
    `${freeMb} MB free for ${path}`,
    `Free some space: at least ${needMb} MB are needed for ${path}.`,
  )

function checkPort(facts: HostFacts, wanted: Wanted, port: number): Check {
  const fact = facts.ports.find((entry) => entry.port === port)
  if (fact === undefined) return judge('port', true, `port ${port} is free`, '')
  const running = facts.engine?.containers.some(
    (one) =>
      one.owner === wanted.id && one.component === (port === AGENT_PORT ? 'agent' : 'edge') && one.running,
  )
  if (running) return judge('port', true, `port ${port} is held by this installation`, '')
  const { holder } = fact
  const who = holder ? `${holder.name} (process ${holder.pid})` : 'another process'
  const fixed = { [AGENT_PORT]: "the host's agent", [PEER_PORT]: "the host's edge" }[port]
  if (fixed !== undefined)
    return judge('port', false, `port ${port} is held by ${who}`, `Stop ${who}: ${fixed} needs it.`)
  const option = port === wanted.ports.http ? '--http-port' : '--https-port'
  const advice = `Stop ${who}, or choose another port with ${option}.`
  return judge('port', false, `port ${port} is held by ${who}`, advice)
}

function checkClock({ now, notBefore, mirror }: HostFacts['clock']): Check {
  const advice = 'Set the clock (`timedatectl set-ntp true`, or `date -s`): certificates depend on it.'
  const shown = new Date(now).toISOString()
  if (now < notBefore - DAY_MS) {
    return judge('clock', false, `the clock says ${shown}, before this program was installed`, advice)
  }
  const skewS = mirror === undefined ? 0 : Math.round(Math.abs(now - mirror) / 1000)
  if (skewS > HOST_NEEDS.clockSkewS) {
    return judge('clock', false, `the clock is ${skewS} s away from the Debian mirror's`, advice)
  }
  return judge('clock', true, `the clock says ${shown}`, '')
}

/** Both edges of a range are inside one of ours, or one of ours is inside it. */
function checkSubnet({ routes }: HostFacts, wanted: Wanted): Check {
  const own = new Set<string>(Object.values(addressesOf(wanted).networks).map(({ bridge }) => bridge))
  const [a = 0, b = 0] = wanted.subnet.split('.').map(Number)
  const start = a * 2 ** 24 + b * 2 ** 16
  const end = start + 65_535
  const clash = routes.find(({ device, address, mask }) => {
    const last = address + (2 ** 32 - 1 - mask)
    return !own.has(device) && address <= end && last >= start
  })
  const range = `${wanted.subnet}.0.0/16`
  if (clash === undefined) return judge('addresses', true, `${range} is free`, '')
  const what = `${range} is partly in use by the interface ${clash.device}`
  return judge('addresses', false, what, 'Choose another range, such as `--subnet 10.91`.')
}

function checkNames({ engine }: HostFacts, wanted: Wanted): Check {
  const all = [...(engine?.containers ?? []), ...(engine?.networks ?? [])]
  const clash = all.filter(({ name, owner }) => name.startsWith(`${wanted.name}-`) && owner !== wanted.id)
  if (clash.length === 0) return judge('names', true, `no other container is named ${wanted.name}-…`, '')
  const names = clash.map(({ name }) => name).join(', ')
  const advice = 'Remove or rename them, or choose another name with `--name NAME`.'
  return judge('names', false, `containers or networks of others have our names: ${names}`, advice)
}
