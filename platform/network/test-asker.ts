import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'

/**
 * A program of an app for a network of a test's own: `SERVER NAME TIMES PORT`. It asks for the name, connects at once to the
 * first address that it hears, and says in a line of JSON what came of it each time.
 */
const [server = '', name = '', times, port] = process.argv.slice(2)
const WAIT_MS = 1_000
const resolver = new Resolver({ timeout: WAIT_MS, tries: 1 })
resolver.setServers([server])

const reach = (host: string) =>
  new Promise<string>((resolve) => {
    const socket = connect({ host, port: Number(port) })
    const end = (how: string) => {
      socket.destroy()
      resolve(how)
    }
    // What has come in meanwhile is looked at before: a busy machine is not silent.
    setTimeout(() => setImmediate(() => end('silent')), WAIT_MS).unref()
    socket.on('connect', () => end('open'))
    socket.on('error', ({ message }) => end(message))
  })

for (let time = 0; time < Number(times); time += 1) {
  let said: Record<string, unknown>
  try {
    const addresses = await resolver.resolve4(name)
    said = { addresses, end: Number(port) > 0 ? await reach(addresses[0] ?? '') : null }
  } catch (error) {
    said = { addresses: [], end: (error as NodeJS.ErrnoException).code }
  }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}
process.exit(0)
