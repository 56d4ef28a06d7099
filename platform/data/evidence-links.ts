import { readFile } from 'node:fs/promises'
import { addressesOf } from '#contract/installation.ts'
import type { Finding } from '#platform/trust/index.ts'
import { askHttp, tryHandshake } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { tryLogin } from '#runtime/server/try-login.ts'
import { PROBE_TENANTS, probeLogin } from './probe-tenants.ts'

/** One TLS door inside the platform: whoever knocks in plain text must get nothing. */
interface Door {
  readonly what: string
  readonly host: string
  readonly port: number
  readonly name: string
}

/** Connections to the databases and to what keeps them: encrypted, and where it matters only with a certificate. */
export async function lookAtLinks(deps: ServerDeps): Promise<Finding> {
  const { config } = deps
  const ca = await readFile(config.caFile, 'utf8')
  const { etcd, patroniPort, postgres, control, controlPort } = addressesOf(config.installation)
  const store: Door = { what: 'the cluster store', host: etcd[0], port: 2379, name: 'etcd' }
  const keepers = postgres.map((host, index): Door => {
    const name = `postgres-${index + 1}`
    return { what: `the keeper of ${name}`, host, port: patroniPort, name }
  })
  const own: Door = {
    what: 'the control plane',
    host: control.edge,
    port: controlPort,
    name: 'control.maru.internal',
  }
  const problems: string[] = [...(await lookAtDatabase(deps)), ...(await lookAtStore(deps, store, ca))]
  for (const door of keepers) problems.push(...(await lookAtKeeper(door, ca)))
  for (const door of [store, ...keepers, own]) problems.push(...(await knockInPlainText(door)))
  return {
    passed: problems.length === 0,
    summary:
      problems.length === 0
        ? 'The databases, their keepers, the cluster store and the control plane speak TLS only; the store lets nobody in without a certificate of this installation, and the keepers let nobody change anything without one.'
        : problems.join(' '),
    facts: [
      { name: 'Doors tried', value: `databases, cluster store, ${keepers.length} keepers, control plane` },
    ],
  }
}

/** The same role that enters with TLS is refused without it: so it was the encryption that was missing. */
async function lookAtDatabase(deps: ServerDeps): Promise<string[]> {
  const { ca, ...plain } = await probeLogin(deps, PROBE_TENANTS[0])
  if (ca === undefined) throw new Error('a probe tenant logs in with TLS')
  const version = 'select version from pg_stat_ssl where pid = pg_backend_pid()'
  // The group that a login acts as may not look at the login's own connection.
  const visit = await tryLogin({ ...plain, ca }, ['set role none', version])
  if (visit.end === 'refused') return ['The databases refused a login with TLS.']
  const [, used] = visit.statements
  const modern = used?.end === 'done' && /^TLSv1\.[23]$/.test(String(used.rows[0]?.version))
  const open = await tryLogin(plain)
  return [
    ...(modern ? [] : ['A login to the databases did not use TLS 1.2 or newer.']),
    ...(open.end === 'refused' ? [] : ['The databases let a login in without encryption.']),
  ]
}

/** TLS 1.2, where a missing certificate ends the handshake itself. */
async function lookAtStore({ config }: ServerDeps, door: Door, ca: string): Promise<string[]> {
  const [cert, key] = await Promise.all([
    readFile(config.listen.certFile, 'utf8'),
    readFile(config.listen.keyFile, 'utf8'),
  ])
  const probe = { ...door, ca, maxVersion: 'TLSv1.2' } as const
  const known = await tryHandshake({ ...probe, cert, key })
  const stranger = await tryHandshake(probe)
  return [
    ...(known.end === 'agreed' ? [] : ['The cluster store refused a certificate of this installation.']),
    ...(stranger.end === 'refused' ? [] : ['The cluster store did not ask a stranger for a certificate.']),
  ]
}

async function lookAtKeeper(door: Door, ca: string): Promise<string[]> {
  const reads = await askHttp({ ...door, path: '/liveness', tls: { ca } })
  const changes = await askHttp({ ...door, path: '/config', method: 'PATCH', tls: { ca } })
  return [
    ...(reads.status === 200 ? [] : [`The reading side of ${door.what} answered ${reads.status}.`]),
    ...(changes.status === 403
      ? []
      : [`A stranger’s change at ${door.what} was answered ${changes.status}.`]),
  ]
}

/** What a server that speaks only TLS does with plain text: it hangs up, or says that this is the wrong protocol. */
const HUNG_UP = /^(ECONNRESET|EPIPE|HPE_\w+)$/

async function knockInPlainText(door: Door): Promise<string[]> {
  try {
    const { status } = await askHttp({ ...door, path: '/' })
    return status === 400 ? [] : [`Plain text at ${door.what} was answered ${status}.`]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return HUNG_UP.test(code) ? [] : [`Plain text at ${door.what} could not be tried (${code}).`]
  }
}
