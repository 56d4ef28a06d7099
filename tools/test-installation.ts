import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAbsent } from '#runtime/drivers/files.ts'
import { type RunResult, run } from '#runtime/drivers/process.ts'
import { freePorts } from './free-ports.ts'

/** An installation that a test run made for itself. */
export interface TestInstallation {
  readonly name: string
  readonly home: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly subnet: string
}

/** Chooses a name, a data folder, ports and an address range that nothing on this machine uses. */
export async function chooseInstallation(): Promise<TestInstallation> {
  const name = `mt${randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0')}`
  const [httpPort, httpsPort] = await freePorts()
  return {
    name,
    home: await mkdtemp(join(tmpdir(), `maru-test-${name}-`)),
    httpPort,
    httpsPort,
    subnet: freeSubnet(await subnetsInUse()),
  }
}

/** What `maru up` is told of it. */
export const flagsOf = ({ name, home, subnet, httpPort, httpsPort }: TestInstallation): string[] => [
  ...['--name', name, '--home', home, '--subnet', subnet],
  ...['--http-port', String(httpPort), '--https-port', String(httpsPort)],
]

/** The first two octets of every address range on this machine: interfaces and the engine's networks. */
async function subnetsInUse(): Promise<Set<string>> {
  const prefix = (address: string) => address.split('.').slice(0, 2).join('.')
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const networks = (await docker('network', 'ls', '--quiet')).split('\n').filter(Boolean)
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}'
  const ranges =
    networks.length > 0 ? await docker('network', 'inspect', '--format', format, ...networks) : ''
  return new Set([...interfaces.map(({ address }) => prefix(address)), ...ranges.split(/\s+/).map(prefix)])
}

function freeSubnet(used: ReadonlySet<string>): string {
  // From the top: people and companies number their networks from the bottom.
  for (let second = 254; second > 0; second--) if (!used.has(`10.${second}`)) return `10.${second}`
  throw new Error('every 10.X range is in use on this machine')
}

/** What the engine's own CLI prints; nothing while there is no engine. */
export async function docker(...args: string[]): Promise<string> {
  if (!existsSync('/usr/bin/docker')) return ''
  const done = await run(['/usr/bin/docker', ...args])
  return done.exitCode === 0 ? done.stdout.trim() : ''
}

/** Where the engine keeps the names of its images. */
const IMAGE_NAMES = '/var/lib/docker/image/overlay2/repositories.json'

/** Whether the stack images were here before, also where no engine runs now. */
export async function hasStackImages(): Promise<boolean> {
  if ((await docker('image', 'ls', '--quiet', 'maru/base')) !== '') return true
  return existsSync(IMAGE_NAMES) && (await readFile(IMAGE_NAMES, 'utf8')).includes('"maru/base"')
}

/** What is left of an installation, one line each; empty when nothing is. */
export async function leftovers({ name, home }: TestInstallation): Promise<string[]> {
  const format = '{{.Names}}'
  const containers = await docker('ps', '--all', '--filter', `name=^${name}-`, '--format', format)
  const networks = await docker('network', 'ls', '--filter', `name=^${name}-`, '--format', '{{.Name}}')
  const volumes = await docker('volume', 'ls', '--filter', `name=^${name}-`, '--format', '{{.Name}}')
  const list = (what: string, text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => `${what} ${line}`)
  const kept = [`/etc/maru/installations/${name}.json`, `/etc/maru/closed/${name}.nft`]
  return [
    ...list('container', containers),
    ...list('network', networks),
    ...list('volume', volumes),
    ...(await processesOf(home)),
    ...[home, ...kept].filter((path) => existsSync(path)).map((path) => `file ${path}`),
  ]
}

/** Processes whose command line names the data folder, other than this run. */
async function processesOf(home: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(
    (entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid,
  )
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch((error: unknown) => {
        // It ended since the listing.
        if (isAbsent(error) || (error instanceof Error && 'code' in error && error.code === 'ESRCH'))
          return ''
        throw error
      })
      return text.includes(home) ? `process ${pid} ${text.replaceAll('\0', ' ').trim()}` : ''
    }),
  )
  return lines.filter(Boolean)
}

/** Destroys the installation if there still is one, whatever state it is in, and removes its folder. */
export async function removeInstallation(
  maru: string,
  { name, home }: TestInstallation,
  keepImages: boolean,
): Promise<RunResult | undefined> {
  const installed = existsSync(join(home, 'installation.json'))
  const args = ['--home', home, '--confirm', name, ...(keepImages ? ['--keep-images'] : [])]
  const done = installed ? await run([maru, 'destroy', ...args], { timeoutMs: 300_000 }) : undefined
  if (!installed || done?.exitCode === 0) await rm(home, { recursive: true, force: true })
  return done
}
