import { readdir, readlink, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { diskSpace, exists, readText } from '#runtime/drivers/files.ts'
import type { HostFacts, PortFact, PortHolder, RouteFact } from './preflight.ts'

/** The engine's socket where Debian has it. */
export const DOCKER_SOCKET = '/var/run/docker.sock'
const CLOCK_SOURCE = 'http://deb.debian.org/debian/dists/trixie/Release'

export interface FactsRequest {
  readonly home: string
  readonly programDir: string
  readonly ports: readonly number[]
}

/** Looks at the machine; changes nothing. */
export async function gatherFacts(request: FactsRequest): Promise<HostFacts> {
  const [release, meminfo, routes, engine, ports, disks, clock] = await Promise.all([
    readText('/etc/os-release'),
    readText('/proc/meminfo'),
    readText('/proc/net/route'),
    engineFacts(),
    portFacts(request.ports),
    Promise.all([request.home, '/var/lib/docker'].map(diskFact)),
    clockFact(request.programDir),
  ])
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(release ?? '')?.[1] ?? ''
  return {
    uid: process.getuid?.() ?? -1,
    architecture: process.arch,
    os: { id: field('ID'), version: field('VERSION_ID'), name: field('PRETTY_NAME') },
    memoryMb: Math.floor(Number(/^MemTotal:\s+(\d+)/m.exec(meminfo ?? '')?.[1] ?? 0) / 1024),
    disks,
    ports,
    routes: parseRoutes(routes ?? ''),
    engine,
    clock,
  }
}

/** Free space where `path` is or will be. */
async function diskFact(path: string) {
  let folder = path
  while (!(await exists(folder))) folder = dirname(folder)
  return { path, freeMb: (await diskSpace(folder)).freeMb }
}

async function engineFacts(): Promise<HostFacts['engine']> {
  if (!(await exists(DOCKER_SOCKET))) return undefined
  const docker = makeDocker(DOCKER_SOCKET)
  try {
    await docker.ping()
  } catch {
    // Not running is no finding: it is started later.
    return undefined
  }
  const [containers, networks] = await Promise.all([docker.containers.list({}), docker.networks.list({})])
  const named = ({ name, labels }: { name: string; labels: Readonly<Record<string, string>> }) => ({
    name,
    owner: labels[LABELS.owner],
  })
  return {
    containers: containers.map((container) => ({
      ...named(container),
      component: container.labels[LABELS.component],
      running: container.state === 'running',
    })),
    networks: networks.map(named),
  }
}

/** The clock, the earliest time that can be true, and what a Debian mirror says, if it answers. */
async function clockFact(programDir: string): Promise<HostFacts['clock']> {
  const installed = await stat(join(programDir, 'package-lock.json'))
  try {
    const answer = await fetch(CLOCK_SOURCE, { method: 'HEAD', signal: AbortSignal.timeout(3000) })
    const theirs = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isFinite(theirs)) return { now: Date.now(), notBefore: installed.mtimeMs, mirror: theirs }
  } catch {
    // No mirror, no comparison; images may all be there already.
  }
  return { now: Date.now(), notBefore: installed.mtimeMs, mirror: undefined }
}

/** Address ranges that the host reaches by an interface of its own. */
export function parseRoutes(text: string): RouteFact[] {
  const numberOf = (hex: string) => Buffer.from(hex, 'hex').readUInt32LE()
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([device, destination, , , , , , mask]) =>
      device && destination && mask && mask !== '00000000'
        ? [{ device, address: numberOf(destination), mask: numberOf(mask) }]
        : [],
    )
}

/** Which of these ports someone listens on, and who. */
async function portFacts(wanted: readonly number[]): Promise<PortFact[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readText(`/proc/net/${name}`)))
  const listening = tables.flatMap((table) => parseListeners(table ?? ''))
  const held = listening.filter(({ port }) => wanted.includes(port))
  const holders = held.length === 0 ? new Map() : await holdersOf(new Set(held.map(({ inode }) => inode)))
  return wanted.flatMap((port) => {
    const listener = held.find((entry) => entry.port === port)
    return listener === undefined ? [] : [{ port, holder: holders.get(listener.inode) }]
  })
}

/** Listening sockets of /proc/net/tcp: port and inode. */
export function parseListeners(text: string): Array<{ port: number; inode: string }> {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , state, , , , , , inode]) =>
      state === '0A' && local && inode
        ? [{ port: Number.parseInt(local.split(':')[1] ?? '', 16), inode }]
        : [],
    )
}

/** The processes that have these sockets open. A process that ends meanwhile is simply not found. */
async function holdersOf(inodes: ReadonlySet<string>): Promise<Map<string, PortHolder>> {
  const found = new Map<string, PortHolder>()
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const names = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const fd of names) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1]
      if (inode === undefined || !inodes.has(inode)) continue
      const name = (await readText(`/proc/${pid}/comm`).catch(() => undefined)) ?? 'unknown'
      found.set(inode, { pid: Number(pid), name: name.trim() })
    }
  }
  return found
}

/** Whether processes here can have every capability that the kernel knows; not so inside a confined machine. */
export async function hasEveryCapability(): Promise<boolean> {
  const [status, last] = await Promise.all([
    readText('/proc/self/status'),
    readText('/proc/sys/kernel/cap_last_cap'),
  ])
  const bounding = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)/m.exec(status ?? '')?.[1] ?? '0'}`)
  const all = (1n << BigInt(Number(last ?? 40) + 1)) - 1n
  return (bounding & all) === all
}
