import { hostname } from 'node:os'
import { accountRoutes, Email, type NewToken, Password, PersonName } from '#contract/accounts.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { type CliContext, homeOf } from '#runtime/cli/context.ts'
import { loadLogin, loginFile, saveLogin } from '#runtime/cli/login-file.ts'
import { makeOutput } from '#runtime/cli/output.ts'
import {
  fetchRoot,
  groupDigits,
  isTrustedBySystem,
  parseAddress,
  pinnedRoot,
  type SetupLink,
} from '#runtime/cli/platform-trust.ts'
import { ask, askSecret, readSecret } from '#runtime/cli/prompt.ts'

interface Options {
  readonly json?: boolean
  readonly email?: string
  readonly name?: string
  readonly passwordStdin?: boolean
  readonly fingerprint?: string
  readonly tokenName?: string
}

const untrusted = (url: string, reason: string) => new MaruError('cli.untrusted', { url, reason })

/** Decides what to trust: a given fingerprint, what was pinned before, the system, or a person who compares. */
async function chooseTrust(context: CliContext, url: string, options: Options): Promise<string | null> {
  if (options.fingerprint !== undefined) return pinnedRoot(url, options.fingerprint)
  const saved = await loadLogin(loginFile(context.env))
  if (saved?.url === url && saved.ca !== null) return saved.ca
  if (await isTrustedBySystem(url)) return null
  const root = await fetchRoot(url)
  context.stderr.write(
    `${url} has its own certificate authority, with the SHA-256 fingerprint\n  ${groupDigits(root.fingerprint)}\n` +
      'On the host, `maru ca | openssl x509 -noout -fingerprint -sha256` shows the same one if nobody is in between.\n',
  )
  const answer = await ask(context, 'Is it the same? Type yes to trust it: ', '--fingerprint')
  if (answer === 'yes') return root.pem
  throw untrusted(url, 'you did not confirm its fingerprint')
}

const askEmail = async (context: CliContext, options: Options) =>
  parseWith(Email, options.email ?? (await ask(context, 'E-mail address: ', '--email')), '--email')

async function askNewPassword(context: CliContext, options: Options): Promise<string> {
  if (options.passwordStdin) return parseWith(Password, await readSecret(context), 'password')
  const first = await askSecret(context, 'Password (at least 12 characters): ', '--password-stdin')
  const password = parseWith(Password, first, 'password')
  if ((await askSecret(context, 'The same again: ', '--password-stdin')) === password) return password
  throw new MaruError('invalid', { field: 'password', reason: 'was not typed the same way twice' })
}

const tokenNameOf = (options: Options) => options.tokenName ?? `maru CLI on ${hostname()}`.slice(0, 60)

async function takeSetupLink(context: CliContext, link: SetupLink, options: Options) {
  const ca = await pinnedRoot(link.url, link.fingerprint)
  const email = await askEmail(context, options)
  const name = parseWith(PersonName, options.name ?? (await ask(context, 'Your name: ', '--name')), '--name')
  const password = await askNewPassword(context, options)
  const client = makeClient({ kind: 'https', url: link.url, ca })
  const body = { token: link.token, email, name, password, tokenName: tokenNameOf(options) }
  return { ca, email, made: await client.call(accountRoutes.setup, { body }) }
}

async function signIn(context: CliContext, url: string, options: Options) {
  const ca = await chooseTrust(context, url, options)
  const email = await askEmail(context, options)
  const password = options.passwordStdin
    ? await readSecret(context)
    : await askSecret(context, 'Password: ', '--password-stdin')
  const client = makeClient({ kind: 'https', url, ca })
  const body = { email, password, tokenName: tokenNameOf(options) }
  return { ca, email, made: await client.call(accountRoutes.login, { body }) }
}

async function addressOf(context: CliContext, given: string | undefined): Promise<string> {
  const address = given ?? (await loadLogin(loginFile(context.env)))?.url
  if (address !== undefined) return address
  throw new MaruError('invalid', {
    field: 'LINK',
    reason: 'is needed: a set-up link or the address of a platform',
  })
}

const isLocalRoot = async (context: CliContext) => {
  const { exists } = await import('#runtime/drivers/files.ts')
  return context.uid === 0 && (await exists(rootSocket(homeOf(context, {}))))
}

/** `maru login` */
export async function login(context: CliContext, given: string | undefined, options: Options): Promise<void> {
  const address = parseAddress(await addressOf(context, given))
  const { ca, email, made }: { ca: string | null; email: string; made: NewToken } =
    'token' in address
      ? await takeSetupLink(context, address, options)
      : await signIn(context, address.url, options)
  const file = loginFile(context.env)
  const { url } = address
  await saveLogin(file, { url, token: made.secret, tokenId: made.token.id, name: email, ca })
  const out = makeOutput(context, options)
  const answer = { url, email, expiresAt: made.token.expiresAt, file }
  out.result(answer, () => `Signed in to ${url} as ${email}, until ${made.token.expiresAt.slice(0, 10)}.\n`)
  if (await isLocalRoot(context))
    out.note('As root on this host, commands go on using the local socket; --remote uses this login.')
}
