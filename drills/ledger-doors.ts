import { join } from 'node:path'
import pg from 'pg'
import { addressesOf, HOME, POSTGRES_HOST } from '#contract/installation.ts'
import { readText } from '#runtime/drivers/files.ts'
import type { DrillPlace } from './drill.ts'

const CONNECT_MS = 1000
const ANSWER_MS = 5000

export type Connect = () => Promise<pg.Client>

/** Past the proxy: without `answerMs` it waits for an answer for ever. */
export type ConnectMember = (answerMs?: number) => Promise<pg.Client>

/** The ways into the database. */
export interface Doors {
  /** As apps go: with the app's role, through the proxy at the address that apps have. */
  readonly proxy: Connect
  /** To each member itself, as root on the host can: with the superuser's password. */
  readonly members: readonly ConnectMember[]
}

/** Every door is TLS, and the server's certificate is verified. */
export async function openDoors({ home, installation }: DrillPlace, url: URL): Promise<Doors> {
  const { pgproxy, postgres, postgresPort } = addressesOf(installation)
  const ca = await readText(join(home, HOME.pki, 'root.crt'))
  const superuser = (await readText(join(home, HOME.secrets, 'postgres-superuser')))?.trim()
  const ssl = { ca, servername: POSTGRES_HOST, rejectUnauthorized: true }
  const shared = { database: url.pathname.slice(1), ssl, connectionTimeoutMillis: CONNECT_MS }
  const open = async (config: pg.ClientConfig) => {
    const client = new pg.Client({ ...shared, ...config })
    // What ends a connection also fails the query on it, which is where it is noticed.
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const app = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  const port = Number(url.port || postgresPort)
  return {
    proxy: () => open({ host: pgproxy.apps, port, ...app, query_timeout: ANSWER_MS }),
    members: postgres.map(
      (host) => (answerMs) =>
        open({ host, port: postgresPort, user: 'postgres', password: superuser, query_timeout: answerMs }),
    ),
  }
}
