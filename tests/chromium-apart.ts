// Inside the network that `chromium-apart` makes: hands connections to the edge on to where the test waits for them.
import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { run } from '#runtime/drivers/process.ts'
import { BROWSER } from '#tools/install-programs.ts'
import { joinConnections } from './way-to-edge.ts'

const { MARU_WAY_PORT = '', MARU_WAY_SOCKET = '' } = process.env

const up = await run(['ip', 'link', 'set', 'lo', 'up'])
if (up.exitCode !== 0) throw new Error(up.stderr)

createServer((socket) => joinConnections(socket, connect(MARU_WAY_SOCKET))).listen(
  Number(MARU_WAY_PORT),
  '127.0.0.1',
  () => {
    // 3 and 4 are the pipes by which the tests steer the browser.
    const browser = spawn(`/usr/bin/${BROWSER}`, process.argv.slice(2), { stdio: [0, 1, 2, 3, 4] })
    browser.on('exit', (code) => process.exit(code ?? 1))
  },
)
