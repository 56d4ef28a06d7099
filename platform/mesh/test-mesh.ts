import { addAbortListener } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectPlain, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { ContainerSpec } from '#contract/agent.ts'
import { Fleet, MESH_PORT } from '#contract/fleet.ts'
import { certificateNameOf, certificateNamesOf } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'
import { convergePlatform } from '#platform/hosts/converge.ts'
import type { Authority, IssuedCertificate } from '#platform/trust/index.ts'
import { newestImage, removeOwned } from '#runtime/agent/test-host.ts'
import { type Docker, LABELS } from '#runtime/drivers/docker.ts'
import { planMesh, reloadDoor, renewInUse, writeMesh } from './index.ts'

/** A host of a mesh on this machine, with an address range of its own: networks, HAProxies, and what stands for a control plane. */
export interface MeshHost {
  readonly name: HostName
  readonly installation: Installation
  readonly home: string
  /** Brings it to these hosts and this certificate, as its agent does. Gives how many processes took the certificate as they ran. */
  apply(fleet: Fleet, certificate: IssuedCertificate): Promise<number>
  /** Component → id, of what runs. */
  running(): Promise<Record<string, string>>
  destroy(): Promise<void>
}

export interface MeshPlaces {
  readonly docker: Docker
  readonly authority: Authority
  /** Where its door is. */
  readonly address: string
  /** What of its own answers at the address of its control plane; nothing where it has none. */
  readonly control?: string
}

/** Makes a host; `second` is the second octet of its addresses. */
export async function makeMeshHost(name: string, second: number, places: MeshPlaces): Promise<MeshHost> {
  const { docker, authority, address } = places
  const image = await newestImage(docker, 'edge')
  const home = await mkdtemp('/var/tmp/maru-test-')
  const id = `t${process.pid.toString(36)}${name.slice(0, 1)}`
  const installation: Installation = {
    ...{ id: `test-${id}`, name: id, domain: 'test.localhost', createdAt: new Date().toISOString() },
    ...{ ports: { http: 20_000 + second, https: 21_000 + second }, subnet: `10.${second}` },
  }
  const { edge, data } = addressesOf(installation).networks
  const services = places.control === undefined ? [] : [await controlOf(docker, installation, places.control)]
  const apply = async (fleet: Fleet, { certPem, keyPem }: IssuedCertificate) => {
    const mesh = planMesh(installation, name as HostName, fleet)
    if (mesh === undefined) throw new Error(`${name} is alone`)
    const certificatePem = `${certPem}${keyPem}`
    const place = { installation, home, address, rootPem: authority.rootPem, certificatePem, image }
    const containers = await writeMesh(place, mesh)
    await reloadDoor(home)
    const components = containers.map(({ component }) => component)
    const renewed = await renewInUse(home, components, certificatePem)
    const platform = { generation: 1, networks: [edge, data], containers: [...containers, ...services] }
    await convergePlatform({ docker, owner: installation.id }, platform)
    return renewed
  }
  return {
    name: name as HostName,
    installation,
    home,
    apply,
    running: async () => {
      const all = await docker.containers.list({ [LABELS.owner]: installation.id })
      const up = all.filter(({ state }) => state === 'running')
      return Object.fromEntries(up.map((one) => [one.labels[LABELS.component] ?? '', one.id]))
    },
    destroy: async () => {
      await removeOwned(docker, installation.id)
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** What stands for a control plane: the test's own Node gives back what it is sent. */
async function controlOf(docker: Docker, installation: Installation, greeting: string) {
  const { networks, control, controlPort } = addressesOf(installation)
  const program = `require('net').createServer((c)=>{c.on('error',()=>{});c.on('data',(d)=>c.write(${JSON.stringify(greeting)}+d))}).listen(${controlPort});process.on('SIGTERM',()=>process.exit(0))`
  return ContainerSpec.parse({
    name: `${installation.name}-control`,
    component: 'control',
    image: await newestImage(docker, 'base'),
    command: ['/node', '-e', program],
    networks: [{ name: networks.edge.name, address: control.edge, aliases: [] }],
    mounts: [{ source: process.execPath, target: '/node', readOnly: true }],
    stopTimeoutS: 1,
  })
}

/** What the authority signs for a host: a new key each time. */
export const certificateFor = (authority: Authority, name: string, days = 7): Promise<IssuedCertificate> =>
  authority.issue({
    commonName: certificateNameOf(name as HostName),
    dnsNames: certificateNamesOf(name as HostName),
    days,
    client: true,
  })

/** The hosts, by name, and who has the control planes. */
export const fleetOf = (hosts: Readonly<Record<string, string>>, services: object): Fleet =>
  Fleet.parse({ hosts: Object.entries(hosts).map(([name, address]) => ({ name, address })), services })

const ANSWER_MS = 10_000
/** How it looks when the other side closes: with or without bytes of ours that it has not read. */
const CLOSED = ['ECONNRESET', 'EPIPE']

/** One line sent, and what comes back; who is sent away learns how. */
function exchange(socket: Socket, line: string): Promise<string> {
  const done = new AbortController()
  const { signal } = done
  return new Promise<string>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(why))
    addAbortListener(AbortSignal.timeout(ANSWER_MS), () => fail('no answer'))
    on(socket, 'data', signal, (data: Buffer) => resolve(data.toString()))
    on(socket, 'close', signal, () => fail('closed'))
    on(socket, 'error', signal, ({ code = '' }: NodeJS.ErrnoException) =>
      fail(CLOSED.includes(code) ? 'closed' : code),
    )
    socket.write(line)
  }).finally(() => done.abort())
}

function on<T>(socket: Socket, event: string, signal: AbortSignal, listener: (value: T) => void): void {
  socket.on(event, listener)
  addAbortListener(signal, () => socket.off(event, listener))
}

/** Failures are told by what is waited for. */
const opened = <T extends Socket>(socket: T): T => socket.on('error', () => undefined)

/** A connection that is kept. */
export interface Held {
  say(line: string): Promise<string>
  end(): void
}

/** Connects to what a host finds at the address of a service. */
export function hold(host: string, port: number): Held {
  const socket = opened(connectPlain({ host, port }))
  return { say: (line) => exchange(socket, line), end: () => socket.destroy() }
}

/** One connection with one line; nothing is tried twice. */
export async function askOnce(host: string, port: number, line: string): Promise<string> {
  const { say, end } = hold(host, port)
  return await say(line).finally(end)
}

/** New connections, one after the other in each of a few rows, until they are stopped. */
export function startAsking(ask: (line: string) => Promise<string>, rows: number) {
  const seen = { answered: 0, failed: [] as string[] }
  let running = true
  const row = async (at: number) => {
    for (let n = 0; running; n++) {
      const line = `${at}.${n}`
      try {
        const answer = await ask(line)
        if (answer.endsWith(line)) seen.answered++
        else seen.failed.push(`${line}: ${answer}`)
      } catch (error) {
        seen.failed.push(`${line}: ${error}`)
      }
    }
  }
  const all = Promise.all(Array.from({ length: rows }, (_, at) => row(at)))
  return {
    seen: () => seen,
    stop: async () => {
      running = false
      await all
      return seen
    },
  }
}

/** Who knocks at a door: what it shows, and from where. */
export interface Knock {
  readonly certificate: IssuedCertificate | undefined
  readonly from: string
}

/** What a door answers to somebody who asks for a service: the service's answer, or how it was refused; with what the door showed. */
export async function knockAtDoor(
  door: { readonly address: string; readonly servername: string; readonly ca: string },
  { certificate, from }: Knock,
): Promise<{ readonly answer: string; readonly serial: string }> {
  const shown = certificate && { cert: certificate.certPem, key: certificate.keyPem }
  const { address: host, servername, ca } = door
  const options: ConnectionOptions & { localAddress: string } = {
    ...{ host, port: MESH_PORT, servername, ca, localAddress: from, minVersion: 'TLSv1.3' },
    ...shown,
  }
  const socket = opened(connectTls(options))
  let serial = ''
  socket.on('secureConnect', () => {
    serial = socket.getPeerX509Certificate()?.serialNumber ?? ''
  })
  const answer = await exchange(socket, 'here').catch(({ message }: Error) => message)
  socket.destroy()
  return { answer, serial }
}
