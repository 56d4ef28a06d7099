import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { HostIdentity } from '#contract/host-identity.ts'
import { HOME, SOCKETS } from '#contract/installation.ts'
import { type ApiOptions, type CliContext, homeOf } from './context.ts'
import { loadLogin, loginFile } from './login-file.ts'
import type { Endpoint } from './transport.ts'

/** The socket for root on the host of an installation. */
export const rootSocket = (home: string): string => join(home, HOME.run, SOCKETS.root)

const invalid = (field: string, reason: string, cause?: unknown) =>
  new MaruError('invalid', { field, reason }, { cause })

/** The root certificate that `MARU_CA` names. */
async function rootFromEnvironment(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8')
    new X509Certificate(pem)
    return pem
  } catch (cause) {
    throw invalid('MARU_CA', `${file} is not a readable certificate`, cause)
  }
}

function checkUrl(text: string): void {
  if (URL.parse(text)?.protocol === 'https:') return
  throw invalid('MARU_URL', 'must be an address such as https://maru.example.org')
}

/** What `MARU_URL`, `MARU_TOKEN` and `MARU_CA` say, for scripts that have no login file. */
async function endpointFromEnvironment(context: CliContext): Promise<Endpoint | undefined> {
  const { MARU_URL, MARU_TOKEN: token, MARU_CA } = context.env
  if (!token) return undefined
  const saved = await loadLogin(loginFile(context.env))
  const url = MARU_URL || saved?.url
  if (url === undefined) throw invalid('MARU_URL', 'is needed beside MARU_TOKEN')
  checkUrl(url)
  if (MARU_CA) return { kind: 'https', url, ca: await rootFromEnvironment(MARU_CA), token }
  return { kind: 'https', url, ca: saved?.url === url ? saved.ca : null, token }
}

async function savedEndpoint(context: CliContext): Promise<Endpoint | undefined> {
  const login = await loadLogin(loginFile(context.env))
  return login && { kind: 'https', url: login.url, ca: login.ca, token: login.token }
}

/** Whether root's socket is, or should be, there: it is away for a moment while the agent restarts. */
const isInstalled = (home: string) =>
  existsSync(rootSocket(home)) || existsSync(join(home, HOME.installation))

/** The name of this host, where it is one that joined and has no control plane: root's socket is there where one is. */
function joinedHost(home: string): string | undefined {
  const file = join(home, HOME.host)
  if (!existsSync(file) || existsSync(rootSocket(home))) return undefined
  const host = HostIdentity.parse(JSON.parse(readFileSync(file, 'utf8')))
  return host.first ? undefined : host.name
}

/**
 * Where a command goes: the installation named by `--home` is reached by its socket and by nothing else; otherwise
 * MARU_TOKEN first, then root's socket on the host, then the saved login. `--remote` leaves the socket out, so that
 * root can use a login too.
 */
export async function chooseEndpoint(context: CliContext, options: ApiOptions): Promise<Endpoint> {
  const home = homeOf(context, options)
  const named = options.home !== undefined && !options.remote
  const fromEnvironment = named ? undefined : await endpointFromEnvironment(context)
  if (fromEnvironment !== undefined) return fromEnvironment
  const joined = options.remote ? undefined : joinedHost(home)
  if (context.uid === 0 && !options.remote && joined === undefined && isInstalled(home))
    return { kind: 'socket', path: rootSocket(home) }
  const saved = named ? undefined : await savedEndpoint(context)
  if (saved !== undefined) return saved
  if (joined !== undefined) throw new MaruError('hosts.not_first', { host: joined })
  if (!named) throw new MaruError('unauthenticated')
  throw context.uid === 0
    ? new MaruError('hosts.not_installed', { home })
    : new MaruError('hosts.not_root', { command: 'Reaching an installation by --home' })
}
