import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { makeIp } from '#runtime/drivers/ip.ts'
import { inNamespaces, inNewNamespaces } from '#runtime/drivers/namespaces.ts'
import { run } from '#runtime/drivers/process.ts'

const PEER = join(import.meta.dirname, 'test-peer.ts')
type Child = ChildProcessByStdio<Writable, Readable, null>

/** A connection that was tried, and may be open. */
export interface Tried {
  /** `open`, or `silent` when nothing came back. */
  readonly end: string
  /** Sends a line; whether it was answered. */
  send(): Promise<string>
}

/** A machine of a test: a network of its own. */
export interface TestMachine {
  readonly enter: readonly string[]
  change(...args: readonly string[]): Promise<void>
  listen(...ports: readonly number[]): Promise<void>
  connect(address: string, port: number): Promise<Tried>
  listenUdp(port: number): Promise<void>
  /** `answered`, `refused` where the machine says that nobody listens, or `silent`. */
  askUdp(address: string, port: number): Promise<string>
}

/** Networks for a test; they are gone when their processes are. */
export function makeTestNet() {
  const children: Child[] = []
  const start = (argv: readonly string[]): Child => {
    const [file = '', ...args] = argv
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    return child
  }
  const machine = async (): Promise<TestMachine> => {
    const { pid = 0 } = start(inNewNamespaces(['net'], ['sleep', '600']))
    const own = await readlink('/proc/self/ns/net')
    while ((await readlink(`/proc/${pid}/ns/net`)) === own) await pause(5)
    while ((await readFile(`/proc/${pid}/comm`, 'utf8')).trim() !== 'sleep') await pause(5)
    const enter = inNamespaces(pid, ['net'], [])
    const { change } = makeIp(enter)
    await change('link', 'set', 'lo', 'up')
    const peer = async (...args: string[]) => {
      const child = start([...enter, process.execPath, PEER, ...args])
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      const next = async () => (await lines.next()).value ?? 'ended'
      return { child, first: await next(), next }
    }
    return {
      enter,
      change,
      listen: async (...ports) => {
        await peer('listen', ...ports.map(String))
      },
      listenUdp: async (port) => {
        await peer('listen-udp', String(port))
      },
      askUdp: async (address, port) => (await peer('ask-udp', address, String(port))).first,
      connect: async (address, port) => {
        const { child, first, next } = await peer('connect', address, String(port))
        const send = async () => {
          child.stdin.write('hello\n')
          return await next()
        }
        return { end: first, send }
      },
    }
  }
  return {
    machine,
    close: async () => {
      const alive = children.filter(({ exitCode }) => exitCode === null)
      for (const child of alive) child.kill('SIGKILL')
      await Promise.all(alive.map((child) => child.signalCode ?? once(child, 'exit')))
    },
  }
}

/** What a bridge of a host needs. */
export type TestBridge = Readonly<Record<'bridge' | 'subnet' | 'gateway', string>>

/** Where a test's host and what is outside of it meet. */
export const HOST_OUTSIDE = '198.51.100.1'

/** Makes a host with its bridges, which passes on what comes, and what it has to do with. */
export async function makeHostNet(
  net: { machine(): Promise<TestMachine> },
  bridges: Readonly<Record<string, TestBridge>>,
) {
  const host = await net.machine()
  for (const { bridge, subnet, gateway } of Object.values(bridges)) {
    await host.change('link', 'add', bridge, 'type', 'bridge')
    await host.change('address', 'add', `${gateway}/${bitsOf(subnet)}`, 'dev', bridge)
    await host.change('link', 'set', bridge, 'up')
  }
  await on(host, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  return {
    host,
    /** A machine at a bridge of the host. */
    place: async ({ bridge, subnet, gateway }: TestBridge, address: string) => {
      const machine = await net.machine()
      await plug(host, machine, { bridge }, `${address}/${bitsOf(subnet)}`, gateway)
      return machine
    },
    /** A machine that no bridge leads to. */
    placeOutside: async (address: string) => {
      const machine = await net.machine()
      await plug(
        ...([host, machine, { name: 'eth0', address: `${HOST_OUTSIDE}/24` }] as const),
        ...([`${address}/24`, HOST_OUTSIDE] as const),
      )
      return machine
    },
  }
}
const bitsOf = (subnet: string) => subnet.split('/')[1]

/** Joins a machine to a bridge of a host; or, without a bridge, to an interface of the host with an address of its own. */
export async function plug(
  host: TestMachine,
  machine: TestMachine,
  to: { readonly bridge: string } | { readonly name: string; readonly address: string },
  address: string,
  gateway: string,
): Promise<void> {
  const name = `v${address.replaceAll(/\D/g, '').slice(-12)}`
  const pid = machine.enter[2] ?? ''
  await host.change('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid)
  if ('bridge' in to) await host.change('link', 'set', name, 'master', to.bridge, 'up')
  else {
    await host.change('link', 'set', name, 'name', to.name)
    await host.change('address', 'add', to.address, 'dev', to.name)
    await host.change('link', 'set', to.name, 'up')
  }
  await machine.change('address', 'add', address, 'dev', 'eth0')
  await machine.change('link', 'set', 'eth0', 'up')
  await machine.change('route', 'add', 'default', 'via', gateway)
}

/** One command on a machine. */
export async function on(machine: TestMachine, ...argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run([...machine.enter, ...argv] as [string, ...string[]], {
    timeoutMs: 10_000,
  })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`)
  return stdout
}
