import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { run } from '#runtime/drivers/process.ts'
import type { Ending } from './way-to-edge.ts'

/** TEST-NET-2: nobody's on the internet, and public as far as rules go. */
const [ROUTER, ADDRESS, PORT] = ['198.51.100.201', '198.51.100.202', 8080]

/** Somebody outside whom an app can ask for: a network of its own behind this machine, in which a server greets everybody. */
export async function openOutside(t: Ending): Promise<{ readonly address: string; readonly port: number }> {
  const name = `out-${process.pid}`
  const [here, there] = [`o${process.pid}a`, `o${process.pid}b`]
  const ip = async (...args: string[]) => {
    const { exitCode, stderr } = await run(['ip', ...args])
    assert.equal(exitCode, 0, `ip ${args.join(' ')}: ${stderr}`)
  }
  await ip('netns', 'add', name)
  t.after(() => run(['ip', 'netns', 'del', name]))
  await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name)
  await ip('address', 'add', `${ROUTER}/30`, 'dev', here)
  await ip('link', 'set', here, 'up')
  await ip('-n', name, 'address', 'add', `${ADDRESS}/30`, 'dev', there)
  await ip('-n', name, 'link', 'set', there, 'up')
  await ip('-n', name, 'route', 'add', 'default', 'via', ROUTER)
  const greet = `require('node:net').createServer((one) => one.end('hello')).listen(${PORT}, () => console.log('listens'))`
  const server = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', greet], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => server.kill())
  await new Promise((resolve) => server.stdout.once('data', resolve))
  return { address: ADDRESS, port: PORT }
}
