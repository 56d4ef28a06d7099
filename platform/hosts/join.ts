import { rm } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { MaruError, parseWith } from '#contract/errors.ts'
import { HostAddress } from '#contract/host-identity.ts'
import { hostRoutes, type InvitationView, type JoinAnswer } from '#contract/hosts.ts'
import { HOME } from '#contract/installation.ts'
import { programVersion } from '#images/program-version.ts'
import { type HostKey, newHostKey, openHostKey } from '#platform/trust/index.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import { type JoinLink, parseJoinLink, pinnedRoot } from '#runtime/cli/platform-trust.ts'
import { ensureFolder, exists, readText, writeFileAtomic } from '#runtime/drivers/files.ts'
import { saveHostIdentity } from './host-identity.ts'
import { dataFolderOf } from './identity.ts'
import { waitForControl } from './joined-agent.ts'
import { addressTowards, answerKnocks } from './knock.ts'
import { takeLock } from './lock.ts'
import { preflight } from './look-first.ts'
import { homeOfInstallation, loadInstallation, registerInstallation } from './registry.ts'
import { type UpDeps, type UpResult, up } from './up.ts'

export interface JoinOptions {
  readonly home?: string
  readonly address?: string
  readonly json?: boolean
}

/** Makes this machine a host of an installation. When it was interrupted after it had joined, `maru up` goes on. */
export async function join(text: string, options: JoinOptions, deps: UpDeps): Promise<UpResult> {
  const link = parseJoinLink(text)
  const home = await dataFolderOf(options.home === undefined ? {} : { home: options.home })
  await refuseSecond(home)
  const isNew = !(await exists(home))
  const unlock = await takeLock(home, 'host join')
  try {
    await becomeHost(link, home, options, deps)
  } catch (error) {
    // An answer that was lost is asked for again with the same key; a refusal leaves nothing behind.
    const refused = error instanceof MaruError && error.status < 500
    if (refused && isNew) await rm(home, { recursive: true, force: true })
    throw error
  } finally {
    unlock()
  }
  const result = await up({ home }, deps)
  await deps.progress.step("The control plane's first question", 5, undefined, async () =>
    waitForControl({ installation: { name: result.installation }, home }),
  )
  return result
}

async function refuseSecond(home: string): Promise<void> {
  const have = await loadInstallation(home)
  if (have !== undefined) throw new MaruError('hosts.already_joined', { installation: have.name, home })
}

async function becomeHost(link: JoinLink, home: string, options: JoinOptions, deps: UpDeps): Promise<void> {
  const ca = await pinnedRoot(link.url, link.fingerprint, link.address)
  const client = makeClient({ kind: 'https', url: link.url, address: link.address, ca })
  try {
    const machine = async () => ({
      token: link.token,
      version: await programVersion(deps.programDir),
      clock: deps.now().toISOString(),
    })
    const view = await client.call(hostRoutes.look, { body: await machine() })
    deps.progress.note(
      `Joining ${view.installation.name} as ${view.name}, in the data centre ${view.dataCentre}.`,
    )
    await checkMachine(view, home, deps)
    const key = await ensureKey(home)
    const address = await chooseAddress(link, options)
    const stop = await answerKnocks(key, address)
    try {
      const body = { ...(await machine()), address, request: await key.request(view.name) }
      await remember(await client.call(hostRoutes.join, { body }), home)
    } finally {
      stop()
    }
  } finally {
    client.close()
  }
}

async function checkMachine(view: InvitationView, home: string, deps: UpDeps): Promise<void> {
  const { installation, role } = view
  const other = await homeOfInstallation(installation.name)
  if (other !== undefined && other !== home)
    throw new MaruError('hosts.already_joined', { installation: installation.name, home: other })
  await preflight({ ...deps, installation, home, identity: { isNew: true }, host: { first: false, role } })
}

const chooseAddress = async ({ url, address }: JoinLink, options: JoinOptions): Promise<HostAddress> =>
  options.address === undefined
    ? await addressTowards(address, Number(new URL(url).port || 443))
    : parseWith(HostAddress, options.address, '--address')

/** The key is made here and never leaves; an earlier try's is used again, because its invitation may be taken by it. */
async function ensureKey(home: string): Promise<HostKey> {
  const file = joinPath(home, HOME.hostKey)
  const have = await readText(file)
  if (have !== undefined) return await openHostKey(have)
  await ensureFolder(home, 0o711)
  await ensureFolder(joinPath(home, HOME.agent), 0o700)
  const key = await newHostKey()
  await writeFileAtomic(file, key.keyPem)
  return key
}

/** The installation last: it is what makes this machine a host. */
async function remember(answer: JoinAnswer, home: string): Promise<void> {
  const { installation, host, certificate, root, fleet } = answer
  const at = (name: string) => joinPath(home, name)
  await ensureFolder(at(HOME.pki), 0o755)
  await writeFileAtomic(at(`${HOME.pki}/root.crt`), root, { mode: 0o644 })
  await writeFileAtomic(at(HOME.hostCertificate), certificate)
  await writeFileAtomic(at(HOME.fleet), `${JSON.stringify(fleet)}\n`)
  await saveHostIdentity(home, host)
  await registerInstallation(installation.name, home)
  await writeFileAtomic(at(HOME.installation), `${JSON.stringify(installation, null, 2)}\n`, { mode: 0o644 })
}
