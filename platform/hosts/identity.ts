import { isAbsolute, resolve } from 'node:path'
import { MaruError, parseWith } from '#contract/errors.ts'
import { type Installation, InstallationName } from '#contract/installation.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { homeOfInstallation, loadInstallation } from './registry.ts'

/** What a person may say at the first `maru up`; later runs read the data folder. */
export interface UpOptions {
  readonly name?: string
  readonly home?: string
  readonly domain?: string
  readonly httpPort?: string
  readonly httpsPort?: string
  readonly subnet?: string
  readonly dataCentre?: string
  readonly address?: string
  readonly lab?: boolean
  readonly renew?: string
  readonly stackRoll?: boolean
  readonly json?: boolean
}

export const DEFAULT_NAME = 'maru'
export const DEFAULT_DATA_FOLDER = '/var/lib/maru'

export interface Identity {
  readonly installation: Installation
  readonly home: string
  /** Nothing was here before. */
  readonly isNew: boolean
}

/** The data folder that is meant: by --home, by the name of a known installation, or the usual one. */
export async function dataFolderOf(options: Pick<UpOptions, 'name' | 'home'>): Promise<string> {
  if (options.home !== undefined) return checkedFolder(resolve(options.home))
  const known = await homeOfInstallation(options.name ?? DEFAULT_NAME)
  if (known !== undefined) return known
  const isDefault = options.name === undefined || options.name === DEFAULT_NAME
  return isDefault ? DEFAULT_DATA_FOLDER : `${DEFAULT_DATA_FOLDER}-${options.name}`
}

/** The folder's path becomes part of configuration files of several programs. */
function checkedFolder(home: string): string {
  if (isAbsolute(home) && /^(\/[A-Za-z0-9._-]+)+$/.test(home)) return home
  throw new MaruError('invalid', {
    field: '--home',
    reason: 'must be a path of letters, digits, dots, hyphens and underscores',
  })
}

/** The installation in the data folder, or the one that the options describe. Nothing is written. */
export async function identify(options: UpOptions, now: Date): Promise<Identity> {
  const name = parseWith(InstallationName, options.name ?? DEFAULT_NAME, '--name')
  const home = await dataFolderOf(options)
  const have = await loadInstallation(home)
  if (have !== undefined) {
    refuseChanges(have, options)
    return { installation: have, home, isNew: false }
  }
  const other = await homeOfInstallation(name)
  if (other !== undefined && other !== home) {
    const reason = `is already used by the installation in ${other}`
    throw new MaruError('invalid', { field: '--name', reason })
  }
  return { installation: newInstallation(name, options, now), home, isNew: true }
}

function newInstallation(name: string, options: UpOptions, now: Date): Installation {
  return {
    id: randomId('inst'),
    name,
    domain: domainOf(options.domain ?? `${name}.localhost`),
    createdAt: now.toISOString(),
    ports: {
      http: portOf('--http-port', options.httpPort ?? '80'),
      https: portOf('--https-port', options.httpsPort ?? '443'),
    },
    subnet: subnetOf(options.subnet ?? '10.89'),
  }
}

/** These are in certificates, addresses and links from the first start on. */
function refuseChanges(have: Installation, options: UpOptions): void {
  const asked: ReadonlyArray<readonly [string, string | undefined, string]> = [
    ['--name', options.name, have.name],
    ['--domain', options.domain, have.domain],
    ['--http-port', options.httpPort, String(have.ports.http)],
    ['--https-port', options.httpsPort, String(have.ports.https)],
    ['--subnet', options.subnet, have.subnet],
  ]
  const change = asked.find(([, wanted, is]) => wanted !== undefined && wanted !== is)
  if (change === undefined) return
  const [field, , is] = change
  throw new MaruError('invalid', { field, reason: `is ${is} since the first start and cannot be changed` })
}

function domainOf(domain: string): string {
  if (
    domain.length <= 200 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(domain)
  ) {
    return domain
  }
  const reason = 'must be a domain name in lower case with at least one dot, such as apps.example.org'
  throw new MaruError('invalid', { field: '--domain', reason })
}

function portOf(field: string, text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new MaruError('invalid', { field, reason: 'must be a number from 1 to 65535' })
}

function subnetOf(text: string): string {
  const [a, b, ...rest] = text.split('.').map(Number)
  const isPrivate =
    a === 10 || (a === 172 && b !== undefined && b >= 16 && b <= 31) || (a === 192 && b === 168)
  const isByte = b !== undefined && Number.isInteger(b) && b >= 0 && b <= 255
  if (/^\d+\.\d+$/.test(text) && rest.length === 0 && isPrivate && isByte) return text
  const reason = 'must be the first two numbers of a private range, such as 10.89'
  throw new MaruError('invalid', { field: '--subnet', reason })
}
