import pg from 'pg'

const TIMEOUT_MS = 5_000

/** Where to log in, and as whom. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The root that is believed (PEM); without it the connection asks for no encryption. */
  readonly ca?: string
}

/** What the server said to a statement: rows, or why it refused. */
export type StatementEnd =
  | { readonly end: 'done'; readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>> }
  | { readonly end: 'refused'; readonly sqlState: string }

/** How a login ended. Only the server itself refuses; who does not get an answer from it meets an error. */
export type LoginEnd =
  | { readonly end: 'entered'; readonly statements: readonly StatementEnd[] }
  | { readonly end: 'refused'; readonly sqlState: string }

/** Logs in as any role, tries statements one after the other, and leaves. For checks, which knock at doors. */
export async function tryLogin(login: Login, statements: readonly string[] = []): Promise<LoginEnd> {
  const { ca, ...where } = login
  const client = new pg.Client({
    ...where,
    ssl: ca === undefined ? false : { ca, servername: where.host },
    application_name: 'maru-check',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  })
  // A connection that ends while it is idle is found out by the next statement.
  client.on('error', () => undefined)
  try {
    const refused = await refusalOf(() => client.connect())
    if (refused !== undefined) return { end: 'refused', sqlState: refused }
    const ends: StatementEnd[] = []
    for (const statement of statements) ends.push(await tryStatement(client, statement))
    return { end: 'entered', statements: ends }
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function tryStatement(client: pg.Client, statement: string): Promise<StatementEnd> {
  let rows: Record<string, unknown>[] = []
  const sqlState = await refusalOf(async () => {
    rows = (await client.query<Record<string, unknown>>(statement)).rows
  })
  return sqlState === undefined ? { end: 'done', rows } : { end: 'refused', sqlState }
}

/**
 * The SQLSTATE with which the server said no: 28 (who you are), 42 (what you may), 3D (no such database). Anything else, such
 * as a server that is full or stops, is thrown: it decides nothing.
 */
async function refusalOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? (error.code ?? '') : ''
    if (/^(28|42|3D)/.test(code)) return code
    throw error
  }
}
