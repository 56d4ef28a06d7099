import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#runtime/drivers/process.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { serveRootSocket } from './root-socket.ts'

const log = makeLog('error', () => {})
let folder: string
before(async () => {
  folder = await mkdtemp('/var/tmp/maru-test-')
})
after(() => rm(folder, { recursive: true, force: true }))

function ask(path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: path, path: '/', agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', reject)
    request.end()
  })
}

test('root is joined to the control plane; any other user is not, whatever the rights of the file', async () => {
  const controlSocket = join(folder, 'control.sock')
  const control = createHttpServer((_request, response) => response.end('control'))
  control.listen(controlSocket)
  const path = join(folder, 'root.sock')
  const server = await serveRootSocket(path, controlSocket, log)
  try {
    assert.deepEqual(await ask(path), { status: 200, body: 'control' })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await chmod(folder, 0o755)
    await chmod(path, 0o666)
    const program =
      'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no"; print $s "GET / HTTP/1.0\\r\\n\\r\\n"; local $/; print "got:", <$s> // "";'
    const other = await run(['setpriv', '--reuid=65534', '--clear-groups', 'perl', '-e', program, path])
    assert.match(other.stdout, /^got:$/)
  } finally {
    server.close()
    control.close()
  }
})

test('while the control plane is away, root is told so in an error of the catalogue', async () => {
  const path = join(folder, 'alone.sock')
  const server = await serveRootSocket(path, join(folder, 'nobody.sock'), log)
  try {
    const { status, body } = await ask(path)
    assert.equal(status, 503)
    assert.match(body, /"code":"unreachable"/)
  } finally {
    server.close()
  }
})
