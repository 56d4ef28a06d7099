import { randomInt } from 'node:crypto'
import { openSync } from 'node:fs'
import { mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeIp } from '#runtime/drivers/ip.ts'
import { inNamespaces, inNewNamespaces } from '#runtime/drivers/namespaces.ts'
import { type RunOptions, type RunResult, run, startDetached } from '#runtime/drivers/process.ts'
import { pause } from '#runtime/kit/pause.ts'
import { NothingProven } from '../not-measured.ts'

/** A network that is not this program's own, and a way to run programs of the machine in it. */
export interface OtherNetwork {
  /** Arguments that run a program in it. */
  enter(argv: readonly string[]): [string, ...string[]]
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>
  /** One change by `ip`. */
  change(...args: readonly string[]): Promise<void>
}

/** No program of a drill takes as long. */
const COMMAND_MS = 120_000

/** The network of a process. */
export function networkOf(pid: number): OtherNetwork {
  const enter = (argv: readonly string[]) => inNamespaces(pid, ['net'], argv)
  return {
    enter,
    run: (argv, options) => run(enter(argv), { timeoutMs: COMMAND_MS, ...options }),
    change: makeIp(enter([])).change,
  }
}

/** Somebody outside of the platform, at the other end of a cable to the host. */
export interface Outsider extends OtherNetwork {
  /** Its own address. */
  readonly address: string
  /** Where it reaches the host. */
  readonly host: string
  /** The host's end of its cable. */
  readonly link: string
  /** The same place for programs that look a name up themselves: there it is the host's. */
  knowing(name: string): Promise<Pick<OtherNetwork, 'run'>>
  remove(): Promise<void>
}

/** 198.51.100.0/24 is for documents (RFC 5737): nobody in the world has it. */
const RANGE = '198.51.100'
/** Places for cables with four addresses each. */
const PLACES = 64
/** A drill that was killed leaves no network for longer. */
const LIVES_S = '1800'

/**
 * Makes outsiders. Their addresses are others each time, because the host remembers for an hour who has asked for what.
 * What `made` is told of has to be removed, also when one more could not be made.
 */
export async function makeOutsiders(count: number, made: (one: Outsider) => void): Promise<void> {
  const first = randomInt(PLACES)
  for (let at = 0; at < count; at += 1) made(await makeOutsider((first + at) % PLACES))
}

/** With its process goes its network, and with that the cable. */
async function makeOutsider(number: number): Promise<Outsider> {
  const [host, address] = [`${RANGE}.${number * 4 + 1}`, `${RANGE}.${number * 4 + 2}`]
  const pid = startDetached(inNewNamespaces(['net', 'mount'], ['sleep', LIVES_S]), openSync('/dev/null', 'a'))
  const own = await readlink('/proc/self/ns/net')
  while ((await readlink(`/proc/${pid}/ns/net`)) === own) await pause(5)
  const network = networkOf(pid)
  const machine = makeIp([])
  const link = `drill${pid}`
  try {
    await machine.change('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${pid}`)
    await machine.change('address', 'add', `${host}/30`, 'dev', link)
    await machine.change('link', 'set', link, 'up')
    await network.change('address', 'add', `${address}/30`, 'dev', 'eth0')
    for (const name of ['lo', 'eth0']) await network.change('link', 'set', name, 'up')
    await network.change('route', 'add', 'default', 'via', host)
  } catch (error) {
    process.kill(pid, 'SIGKILL')
    throw error
  }
  let known: Readonly<{ name: string; there: ReturnType<typeof knowing> }> | undefined
  return {
    ...network,
    address,
    host,
    link,
    knowing: (name) => {
      // Nothing can be put over a file that is gone: so once for a name.
      if (known?.name !== name) known = { name, there: knowing(pid, `${host} ${name}\n`) }
      return known.there
    },
    remove: async () => {
      process.kill(pid, 'SIGKILL')
    },
  }
}

const HOSTS_FILE = '/etc/hosts'

/** Puts another list of hosts over the machine's own, for this place only. The file may go: what was put there keeps it. */
async function knowing(pid: number, hosts: string): Promise<Pick<OtherNetwork, 'run'>> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-drill-'))
  try {
    const file = join(folder, 'hosts')
    await writeFile(file, hosts, { mode: 0o644 })
    const { exitCode, stderr } = await run(
      inNamespaces(pid, ['mount'], ['mount', '--bind', file, HOSTS_FILE]),
    )
    if (exitCode !== 0) throw new NothingProven(`a name could not be made known: ${stderr.trim()}`)
  } finally {
    await rm(folder, { recursive: true })
  }
  return {
    run: (argv, options) =>
      run(inNamespaces(pid, ['mount', 'net'], argv), { timeoutMs: COMMAND_MS, ...options }),
  }
}
