import { randomBytes } from 'node:crypto'
import { openSync } from 'node:fs'
import { type RunOptions, type RunResult, run, startDetached } from './process.ts'

/** A network namespace of a test's own. */
export interface TestNetwork {
  readonly name: string
  /** Arguments that lead into it. */
  readonly enter: readonly string[]
  ip(...args: readonly string[]): Promise<void>
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>
  /** Starts a program that ends with the test; gives its process id. */
  start(argv: readonly string[]): number
  remove(): Promise<void>
}

const must = async (argv: readonly [string, ...string[]]) => {
  const { exitCode, stderr } = await run(argv, { timeoutMs: 10_000 })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} failed: ${stderr.trim()}`)
}

/** Makes a network of which nobody else knows. */
export async function makeNetwork(role: string): Promise<TestNetwork> {
  const name = `g${randomBytes(3).toString('hex')}-${role}`
  await must(['ip', 'netns', 'add', name])
  const enter = ['ip', 'netns', 'exec', name] as const
  const pids: number[] = []
  await must([...enter, 'ip', 'link', 'set', 'lo', 'up'])
  return {
    name,
    enter,
    ip: (...args) => must([...enter, 'ip', ...args]),
    run: (argv, options) => run([...enter, ...argv], { timeoutMs: 60_000, ...options }),
    start: (argv) => {
      const pid = startDetached([...enter, ...argv], openSync('/dev/null', 'a'))
      pids.push(pid)
      return pid
    },
    remove: async () => {
      for (const pid of pids) endProcess(pid)
      await must(['ip', 'netns', 'delete', name])
    },
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** A cable between two networks: an end in each, with its addresses. */
export async function cable(
  one: TestNetwork,
  end: string,
  addresses: readonly string[],
  other: TestNetwork,
  otherEnd: string,
  otherAddresses: readonly string[],
): Promise<void> {
  await one.ip('link', 'add', end, 'type', 'veth', 'peer', 'name', otherEnd, 'netns', other.name)
  for (const [network, link, own] of [
    [one, end, addresses],
    [other, otherEnd, otherAddresses],
  ] as const) {
    for (const address of own)
      await network.ip('address', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []))
    await network.ip('link', 'set', link, 'up')
  }
}

/** A program that answers `ok` on ports, to HTTP. */
export const answerOn = (ports: readonly number[], at = '::'): string[] => [
  process.execPath,
  '-e',
  `const h=require('http');for(const p of ${JSON.stringify(ports)})h.createServer((q,a)=>a.end('ok')).listen(p,'${at}',4096)`,
]

/** A program that asks so many times, each on a connection of its own; it prints how many were answered. */
export const askTimes = (host: string, ports: readonly number[], times: number, atOnce = 8): string[] => [
  process.execPath,
  '-e',
  `const h=require('http'),ps=${JSON.stringify(ports)};let n=0,ok=0,open=0;
const one=(p)=>new Promise((r)=>{const q=h.get({host:${JSON.stringify(host)},port:p,agent:false,timeout:2000},(a)=>{a.resume();a.on('end',()=>{ok++;r()})});q.on('timeout',()=>q.destroy());q.on('error',()=>r())});
const go=async()=>{while(n<${times}){const p=ps[n++%ps.length];await one(p)}};
Promise.all(Array.from({length:${atOnce}},go)).then(()=>console.log(ok))`,
]
