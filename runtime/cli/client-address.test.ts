import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientAddress } from './client-address.ts'

test('who works over ssh is where ssh says, also behind sudo', async (t) => {
  assert.equal(await clientAddress({ SSH_CONNECTION: '203.0.113.9 50000 198.51.100.1 22' }), '203.0.113.9')
  const processes = await mkdtemp(join(tmpdir(), 'maru-processes-'))
  t.after(() => rm(processes, { recursive: true }))
  const program = async (pid: number, name: string, parent: number, environ: string) => {
    await mkdir(join(processes, String(pid)))
    await writeFile(join(processes, String(pid), 'stat'), `${pid} (${name}) S ${parent} 1 1\n`)
    await writeFile(join(processes, String(pid), 'environ'), environ)
  }
  await program(30, 'sudo (a) b', 20, 'HOME=/root\0')
  await program(20, 'bash', 1, 'HOME=/home/ada\0SSH_CONNECTION=2001:db8::9 50000 2001:db8::1 22\0')
  await program(40, 'login', 1, '')
  assert.equal(await clientAddress({}, processes, 30), '2001:db8::9')
  assert.equal(await clientAddress({}, processes, 40), undefined)
  assert.equal(await clientAddress({}, processes, 50), undefined)
})
