import { addressesOf, type Installation } from '#contract/installation.ts'

/** What the intruder knows: more than a real one would. */
export interface Neighbour {
  readonly database: string
  readonly role: string
  readonly own: string
}

/** A connection that the intruder tries to open, and how a refusal reads. Anything else is no refusal. */
export interface Door {
  readonly what: string
  /** As psql's \connect takes it; what is left out stays as the app has it. */
  readonly conninfo: string
  readonly refusal: RegExp
  /** Tried by a psql of its own, because \connect knows no time limit and silence would last minutes. */
  readonly alone: boolean
}

const NO_RIGHT = /permission denied for database/
const NO_LOGIN = /password authentication failed|pg_hba\.conf rejects connection/
const NO_SENDER = /permission denied to start WAL sender/
const NO_PLAIN = /no pg_hba\.conf entry for .* no encryption/
const NO_WAY = /timeout expired/
const WAIT_S = 3

/** Every door past the intruder's own database. */
export function doorsTo({ database, role, own }: Neighbour, installation: Installation): Door[] {
  const door = (what: string, conninfo: string, refusal: RegExp): Door => ({
    what,
    conninfo,
    refusal,
    alone: refusal === NO_WAY,
  })
  const past = (host: string, index: number): Door =>
    door(
      `member ${index + 1} of the pair, past the proxy`,
      `host=${host} hostaddr=${host} sslmode=require connect_timeout=${WAIT_S}`,
      NO_WAY,
    )
  return [
    door("the neighbour's database", `dbname=${database}`, NO_RIGHT),
    door('the database postgres', 'dbname=postgres', NO_RIGHT),
    door('the database template1', 'dbname=template1', NO_RIGHT),
    door("the platform's own database", 'dbname=maru_control', NO_RIGHT),
    door("the neighbour's role with the intruder's password", `dbname=${database} user=${role}`, NO_LOGIN),
    door(
      "the platform's role with the intruder's password",
      'dbname=maru_control user=maru_control',
      NO_LOGIN,
    ),
    door('the superuser', 'dbname=postgres user=postgres', NO_LOGIN),
    door('the role for replication', 'dbname=postgres user=replicator', NO_LOGIN),
    door('a copy of everything by replication', `dbname=${own} replication=database`, NO_SENDER),
    door('a connection without TLS', `dbname=${own} sslmode=disable`, NO_PLAIN),
    ...addressesOf(installation).postgres.map(past),
  ]
}

/** A statement in the intruder's own database; only PostgreSQL's "insufficient privilege" is a refusal. */
export interface Statement {
  readonly what: string
  readonly sql: string
}

const say = (what: string, sql: string): Statement => ({ what, sql })

/** Every way out of the intruder's own database that PostgreSQL knows. None would change anything that stays. */
export function waysOutOf(neighbour: Neighbour): Statement[] {
  const { database, role } = neighbour
  return [
    say('a file of the server by pg_read_file', "SELECT pg_read_file('/etc/passwd')"),
    say('a file of the server by pg_read_binary_file', "SELECT pg_read_binary_file('/etc/passwd')"),
    say('a folder of the server by pg_ls_dir', "SELECT pg_ls_dir('/')"),
    say('a file of the server by COPY', "COPY pg_temp.found FROM '/etc/passwd'"),
    say('a program by COPY FROM PROGRAM', "COPY pg_temp.found FROM PROGRAM 'id'"),
    say('a program by COPY TO PROGRAM', "COPY (SELECT 1) TO PROGRAM 'true'"),
    say('a file of the server as a large object', "SELECT lo_import('/etc/passwd')"),
    say('a large object as a file of the server', "SELECT lo_export(lo_creat(-1), '/dev/null')"),
    say('the table of large objects', 'SELECT data FROM pg_largeobject'),
    say('dblink', 'CREATE EXTENSION dblink'),
    say('postgres_fdw', 'CREATE EXTENSION postgres_fdw'),
    say('file_fdw', 'CREATE EXTENSION file_fdw'),
    say('a function in C', "CREATE FUNCTION run(text) RETURNS int AS 'libc.so.6', 'system' LANGUAGE c"),
    say("the neighbour's role by SET ROLE", `SET ROLE ${database}`),
    say("the neighbour's role by membership", `GRANT ${database} TO CURRENT_USER`),
    say("the neighbour's role by SET SESSION AUTHORIZATION", `SET SESSION AUTHORIZATION ${role}`),
    say('the superuser by SET ROLE', 'SET ROLE postgres'),
    say("the platform's role by SET ROLE", 'SET ROLE maru_control'),
    say("the neighbour's password", `ALTER ROLE ${role} PASSWORD 'intruder'`),
    say('the passwords of all roles', 'SELECT rolpassword FROM pg_authid'),
    say("ownership of the neighbour's database", `ALTER DATABASE ${database} OWNER TO CURRENT_USER`),
    say("the size of the neighbour's database", `SELECT pg_database_size('${database}')`),
    say('the rules for connections', 'SELECT * FROM pg_hba_file_rules'),
  ]
}
