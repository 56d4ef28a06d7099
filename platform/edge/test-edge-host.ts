import assert from 'node:assert/strict'
import { makeTestHost, programContainer, type TestHost, testApp, until } from '#runtime/agent/test-host.ts'
import {
  applyEdge,
  checkConfig,
  type EdgeApp,
  type EdgeDeps,
  type EdgeServer,
  issuedBy,
  makeRests,
  readEdge,
} from './index.ts'

/** A host with an edge that runs, and what brings it to a state. */
export interface TestEdgeHost {
  readonly host: TestHost
  readonly deps: EdgeDeps
  /** Starts an instance; nothing leads to it yet. */
  startServer(name: string, program: string): Promise<EdgeServer>
  /** Applies until nothing is left to do, as the agent's loop does. */
  settle(apps: readonly EdgeApp[]): Promise<unknown>
  /** Resolved when the edge finds the server healthy. */
  healthy(name: string): Promise<unknown>
}

/** `second` is the second byte of its addresses, which no other test has. */
export async function makeTestEdgeHost(second: number): Promise<TestEdgeHost> {
  const host = await makeTestHost(second)
  const deps: EdgeDeps = {
    installation: host.installation,
    home: host.home,
    rootPem: host.authority.rootPem,
    certificates: issuedBy(host.authority, 'one'),
    haproxy: host.haproxy,
    rests: makeRests(() => performance.now(), 0),
    beforeReload: async () => undefined,
    now: () => new Date(),
    check: (file) => checkConfig(host.docker, host.installation, file),
  }
  return {
    host,
    deps,
    startServer: (name, program) => startServer(host, name, program),
    settle: (apps) =>
      until('the edge reaches its state', async () => {
        const { pending, did } = await applyEdge(deps, apps)
        return pending.length === 0 && did === 'nothing'
      }),
    healthy: (name) =>
      until(`${name} is healthy`, async () =>
        (await readEdge(host.haproxy))?.servers.some((one) => one.name === name && one.health === 'up'),
      ),
  }
}

async function startServer(host: TestHost, name: string, program: string): Promise<EdgeServer> {
  const spec = programContainer(host, name, program)
  await host.docker.containers.create(spec, host.installation.id)
  await host.docker.containers.start(spec.name)
  const address = Object.values((await host.docker.containers.inspect(spec.name))?.addresses ?? {})[0]
  assert.ok(address)
  return { name, address, port: 8080, serves: false }
}

/** The app of these tests with these instances, and no other. */
export const web = (servers: readonly EdgeServer[]): EdgeApp[] => [{ ...testApp('shop'), servers }]
export const serving = (server: EdgeServer): EdgeServer => ({ ...server, serves: true })
