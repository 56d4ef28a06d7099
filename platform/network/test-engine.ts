import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Docker, makeDocker } from '#runtime/drivers/docker.ts'
import { inNamespaces, inNewNamespaces } from '#runtime/drivers/namespaces.ts'
import { run } from '#runtime/drivers/process.ts'
import type { TestMachine } from './test-net.ts'

/** An engine of a test's own on one of its machines: the machine's filter has that engine's rules, and no others'. */
export interface TestEngine {
  readonly docker: Docker
  end(): Promise<void>
}

const START_MS = 30_000

/** Starts the real engine on a machine of a test, with files of its own and nothing in common with the one that runs already. */
export async function startEngine({ enter }: Pick<TestMachine, 'enter'>): Promise<TestEngine> {
  const folder = await mkdtemp('/var/tmp/maru-engine-')
  const [file = '', ...args] = [...enter, ...inNewNamespaces(['mount'], ['sleep', '600'])]
  const place = spawn(file, args, { stdio: 'ignore' })
  const { pid = 0 } = place
  await seen(async () => (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'sleep')
  // What it finds in /run is the other engine's.
  const { exitCode, stderr } = await run(
    inNamespaces(pid, ['mount', 'net'], ['mount', '-t', 'tmpfs', 'tmpfs', '/run']),
  )
  if (exitCode !== 0) throw new Error(`mount: ${stderr}`)
  const engine = await startDockerd(pid, folder)
  const docker = makeDocker(join(folder, 'docker.sock'))
  const end = async () => {
    for (const { id } of await docker.containers.list({}).catch(() => [])) await docker.containers.remove(id)
    await stopped(engine, 'SIGTERM')
    await stopped(place, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await seen(async () => (await docker.containers.list({})).length === 0)
  } catch (error) {
    const said = await readFile(join(folder, 'log'), 'utf8')
    await end()
    throw new Error(`the engine does not answer: ${said.slice(-2000)}`, { cause: error })
  }
  return { docker, end }
}

async function startDockerd(pid: number, folder: string): Promise<ChildProcess> {
  const at = (name: string) => join(folder, name)
  const [file, ...args] = inNamespaces(
    pid,
    ['mount', 'net'],
    [
      ...['dockerd', '--host', `unix://${at('docker.sock')}`, '--pidfile', at('pid')],
      ...['--data-root', at('data'), '--exec-root', at('exec'), '--storage-driver', 'vfs'],
      ...['--bip', '172.31.233.1/24'],
    ],
  )
  const log = await open(at('log'), 'a')
  const engine = spawn(file, args, { stdio: ['ignore', log.fd, log.fd] })
  await log.close()
  return engine
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

async function seen(check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + START_MS
  while (!(await check().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${START_MS / 1000} s`)
    await pause(50)
  }
}
