import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#runtime/drivers/process.ts'
import type { TestMachine } from './test-net.ts'

/** What came of one question and the connection after it. */
export interface Heard {
  readonly addresses: readonly string[]
  readonly end: string | null
}

const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Programs that ask and answer for names, in networks of a test's own. */
export function makeTestNames() {
  const children: ChildProcess[] = []
  const folders: string[] = []
  const start = async (machine: TestMachine, argv: readonly string[], ready: RegExp) => {
    const [file = '', ...args] = [...machine.enter, ...argv]
    const env = { ...process.env, LC_ALL: 'C' }
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    children.push(child)
    let said = ''
    const isReady = new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += chunk
        if (ready.test(said)) resolve()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.on('exit', () => reject(new Error(`${argv[0]} ended: ${said}`)))
    })
    await isReady
    return child
  }
  return {
    /** A name server of a provider. */
    serve: (machine: TestMachine) =>
      start(machine, [process.execPath, join(import.meta.dirname, 'test-names.ts')], /ready/),
    /** The resolver with a configuration; gives its end. */
    resolve: async (machine: TestMachine, config: string, address: string) => {
      const folder = await mkdtemp('/var/tmp/maru-test-')
      folders.push(folder)
      const file = join(folder, 'dnsmasq.conf')
      await writeFile(file, config, { mode: 0o644 })
      const argv = ['dnsmasq', '--keep-in-foreground', '--user=root', `--conf-file=${file}`]
      const child = await start(machine, [...argv, `--listen-address=${address}`], /started/)
      return () => end(child)
    },
    /** Asks for a name so many times, and connects at once each time; port 0: asks only. */
    ask: async (
      machine: TestMachine,
      server: string,
      name: string,
      times = 1,
      port = 0,
    ): Promise<Heard[]> => {
      const program = join(import.meta.dirname, 'test-asker.ts')
      const argv = [process.execPath, program, server, name, String(times), String(port)]
      const { exitCode, stdout, stderr } = await run([...machine.enter, ...argv] as [string, ...string[]], {
        timeoutMs: 60_000,
      })
      if (exitCode !== 0) throw new Error(stderr)
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Heard)
    },
    close: async () => {
      await Promise.all(children.map(end))
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true })))
    },
  }
}
