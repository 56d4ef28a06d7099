import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { BuildEvent, BuildRequest } from '#contract/agent.ts'
import type { Operation, OperationEvent } from '#contract/operations.ts'
import { run } from '#runtime/drivers/process.ts'
import type { TestServer, TestServers } from './test-servers.ts'

/** A build that ends when the test says so. */
export interface TestBuild {
  finish(): void
}

/** What test servers are asked to do, and what the host's agent sees of it. */
export interface TestDeploys {
  /** In the order in which they began. */
  readonly builds: readonly TestBuild[]
  /** How many followed the host's reports at one moment: that is what a loop of the installation does. */
  readonly mostFollowers: () => number
  /** Begins a deploy over one server; resolves when its build is under way. */
  begin(server: TestServer): Promise<Operation>
  /** When the operation has ended: how, the steps that it announced, and the image that its release has. */
  end(server: TestServer, operation: Operation, ms: number): Promise<Ended>
  /** Which of them runs the job, and the other one. */
  carrier(one: TestServer, other: TestServer): Promise<[TestServer, TestServer]>
}

export interface Ended extends Operation {
  readonly steps: readonly string[]
  readonly image: string | undefined
}

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  ms = 15_000,
): Promise<T> {
  const giveUpMs = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > giveUpMs) assert.fail(`waited ${ms} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export const find = async (server: TestServer, { id }: Operation): Promise<Operation> =>
  (await server.ask('GET', `/v1/operations/${id}`)).body as Operation

export function makeTestDeploys(servers: TestServers): TestDeploys {
  const builds: TestBuild[] = []
  servers.host.build = (request, signal) => slowBuild(builds, request, signal)
  return {
    builds,
    mostFollowers: countFollowers(servers),
    begin: (server) => begin(builds, server),
    end: (server, operation, ms) => end(servers, server, operation, ms),
    async carrier(one, other) {
      const { rows } = await sql<{ id: string }>`
        select server_process.id from server_process
        join graphile_worker.jobs on locked_by = any (lock_ids)
        where task_identifier = 'apps.operation'`.execute(servers.database.db)
      assert.ok(rows.length === 1 && [one.id, other.id].includes(rows[0]?.id ?? ''), JSON.stringify(rows))
      return rows[0]?.id === one.id ? [one, other] : [other, one]
    },
  }
}

async function* slowBuild(
  builds: TestBuild[],
  _request: BuildRequest,
  signal: AbortSignal,
): AsyncGenerator<BuildEvent> {
  const finished = Promise.withResolvers<void>()
  const number = builds.push({ finish: finished.resolve })
  signal.addEventListener('abort', () => finished.reject(new Error('the caller left')))
  yield { type: 'log', line: `build ${number}` }
  await finished.promise
  const result = { image: `image-${number}`, stack: 'node26', slug: null, defaultWeb: true }
  yield { type: 'done', result }
}

function countFollowers({ host }: TestServers): () => number {
  const report = host.report
  let now = 0
  let most = 0
  host.report = async (after, waitMs, signal) => {
    // A look without waiting is somebody's question, not a loop's.
    if (waitMs === 0) return await report(after, waitMs, signal)
    now += 1
    most = Math.max(most, now)
    try {
      return await report(after, waitMs, signal)
    } finally {
      now -= 1
    }
  }
  return () => most
}

async function sourceOf(procfile: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-source-'))
  const manifest = { name: 'app', version: '1.0.0', private: true }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  const lock = { ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest } }
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock))
  await writeFile(join(folder, 'Procfile'), procfile)
  const archive = join(folder, 'source.tar.gz')
  await run(['tar', '-czf', archive, '-C', folder, 'package.json', 'package-lock.json', 'Procfile'])
  const source = await readFile(archive)
  await rm(folder, { recursive: true })
  return source
}

async function begin(builds: readonly TestBuild[], server: TestServer): Promise<Operation> {
  const app = `shop-${randomBytes(3).toString('hex')}`
  const had = builds.length
  const made = await server.ask('POST', '/v1/apps', { name: app })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const source = await sourceOf('web: node server.js\nrelease: node migrate.js\n')
  const uploaded = await server.ask('POST', `/v1/apps/${app}/sources`, source)
  assert.equal(uploaded.status, 201, JSON.stringify(uploaded.body))
  const request = { source: (uploaded.body as { source: string }).source }
  const begun = await server.ask('POST', `/v1/apps/${app}/deploys`, request)
  assert.equal(begun.status, 202, JSON.stringify(begun.body))
  await until('the build', () => builds[had])
  return begun.body as Operation
}

async function end(
  { database }: TestServers,
  server: TestServer,
  operation: Operation,
  ms: number,
): Promise<Ended> {
  const look = async () => {
    const now = await find(server, operation)
    return ['done', 'failed'].includes(now.state) ? now : undefined
  }
  const ended = await until('the operation to end', look, ms)
  const events = await sql<{ event: OperationEvent }>`
    select event from operations_event where operation_id = ${operation.id} order by number`.execute(
    database.db,
  )
  const releases = await sql<{ image: string | null }>`
    select image from apps_release join apps_app on apps_app.id = app_id
    where name = ${operation.app} and version = ${operation.release}`.execute(database.db)
  return {
    ...ended,
    steps: events.rows.flatMap(({ event }) => (event.type === 'step' ? [event.step] : [])),
    image: releases.rows[0]?.image ?? undefined,
  }
}
