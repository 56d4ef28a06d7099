import { type Going, startListener } from './live-line.ts'
import type { OtherNetwork } from './other-network.ts'

const WAIT_MS = 3000
/** Run in somebody's network: says something over one connection, and ends well when anything comes back. */
const SPEAKER = `const [host, port, says] = process.argv.slice(1)
const socket = require('node:net').connect({ host, port: Number(port) }, () => socket.write(says))
socket.on('data', () => process.exit(0))
socket.on('error', () => process.exit(1))
setTimeout(() => process.exit(1), ${WAIT_MS})`
/** Answers requests as a web server does, and everybody else with a line. */
const ANSWERER = `const { createServer } = require('node:net')
const ok = 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\n\\r\\nok'
for (const port of JSON.parse(process.argv[1]))
  createServer((socket) => socket.on('error', () => {}).on('data', (data) => socket.write(/ HTTP\\/1/.test(data) ? ok : 'ok\\n')))
    .listen(port, () => console.log('listens'))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))`

/** Says something to somebody, and whether anything came back. */
export async function say(
  from: OtherNetwork,
  host: string,
  { port, says }: { readonly port: number; readonly says: string },
): Promise<boolean> {
  return (await from.run([process.execPath, '-e', SPEAKER, host, String(port), says])).exitCode === 0
}

/** Somebody in a network who answers; resolves when he listens. */
export const startAnswers = (at: OtherNetwork, ports: readonly number[]): Promise<Going> =>
  startListener(at, ANSWERER, ports)
