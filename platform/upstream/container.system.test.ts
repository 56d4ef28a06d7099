import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { after, test } from 'node:test'
import { UID } from '#contract/installation.ts'
import { newestImage, removeOwned, until } from '#runtime/agent/test-host.ts'
import { makeBird } from '#runtime/drivers/bird.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { ensureFolder, writeFileAtomic } from '#runtime/drivers/files.ts'
import { upstreamContainer, upstreamFiles } from './layout.ts'
import { renderBird } from './render.ts'
import { ordersOf } from './test-provider.ts'

const docker = makeDocker('/var/run/docker.sock')
const owner = `test-${randomBytes(4).toString('hex')}`
let home: string
after(async () => {
  await removeOwned(docker, owner)
  if (home !== undefined) await rm(home, { recursive: true })
})

test('BIRD of the image takes what it is given, as its own user and without any right', async () => {
  home = await mkdtemp('/var/tmp/maru-test-')
  const files = upstreamFiles(home)
  const bird = { uid: UID.upstream, gid: UID.upstream }
  await ensureFolder(files.bird, 0o755)
  await ensureFolder(files.run, 0o755, bird)
  const announced = [{ address: '203.0.113.1', until: '2100-01-01T00:00:00.000Z' }]
  const text = renderBird(
    ordersOf(announced),
    { own: '203.0.113.1', isHere: false, own6: '2001:db8::2' },
    new Date(),
  )
  await writeFileAtomic(files.config, text, { mode: 0o600, owner: bird })
  const spec = upstreamContainer({ name: owner }, home, await newestImage(docker, 'edge'))
  // A network of its own: there is no provider, and nothing is to leave this machine.
  const id = await docker.containers.create({ ...spec, networks: [{ name: 'bridge', aliases: [] }] }, owner)
  await docker.containers.start(id)
  const client = makeBird(files.socket)
  const asked = await until('BIRD to answer', () => client.ask('show protocols'))
  assert.match(asked.lines.join('\n'), /^to_isp\s+BGP/m)
  assert.match((await client.ask('show route table at_isp'))?.lines.join('\n') ?? '', /203\.0\.113\.1\/32/)
  await writeFileAtomic(files.next, `${text}\nwrong;`, { mode: 0o600, owner: bird })
  assert.equal((await client.ask(`configure check "${files.next}"`))?.ok, false, 'it would say so')
  await writeFileAtomic(files.next, text, { mode: 0o600, owner: bird })
  assert.equal((await client.ask(`configure check "${files.next}"`))?.ok, true)
})
