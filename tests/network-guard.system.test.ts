import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engagement, HostEvent, NetworkBlock } from '#contract/guard.ts'
import { run } from '#runtime/drivers/process.ts'
import { makeNetwork, type TestNetwork } from '#runtime/drivers/test-networks.ts'
import { installPrograms } from '#tools/install-programs.ts'
import { cli, cliError, cliJson, installation, waitFor } from './harness.ts'

const OUTSIDE = '10.231.9.2'
const HOST = '10.231.9.1'
let outside: TestNetwork
let ownEnd: string

before(async () => {
  await installPrograms({ nmap: 'nmap' })
  outside = await makeNetwork('out')
  ownEnd = `${outside.name.slice(0, 7)}-e`
  await outside.ip(
    'link',
    'add',
    'eth0',
    'type',
    'veth',
    'peer',
    'name',
    ownEnd,
    'netns',
    String(process.pid),
  )
  await outside.ip('address', 'add', `${OUTSIDE}/30`, 'dev', 'eth0')
  await outside.ip('link', 'set', 'eth0', 'up')
  await run(['ip', 'address', 'add', `${HOST}/30`, 'dev', ownEnd])
  await run(['ip', 'link', 'set', ownEnd, 'up'])
})
after(async () => await outside?.remove())

const scan = () =>
  outside.run([
    'nmap',
    '-sS',
    '-n',
    '-Pn',
    '--max-retries',
    '0',
    '--max-rtt-timeout',
    '100ms',
    '-p',
    '61000-61060',
    HOST,
  ])
const blocks = async () => (await cliJson<{ blocks: NetworkBlock[] }>(['network', 'blocks'])).blocks
const blockOf = async (source: string) => (await blocks()).find((block) => block.source === source)
const events = async () => (await cliJson<{ events: HostEvent[] }>(['network', 'events'])).events

/** Whether the platform answers who is outside. */
async function answers(): Promise<boolean> {
  const { exitCode } = await outside.run([
    process.execPath,
    '-e',
    `require('net').connect({host:'${HOST}',port:${installation.ports.https},timeout:2000}).on('connect',()=>process.exit(0)).on('timeout',()=>process.exit(1)).on('error',()=>process.exit(2))`,
  ])
  return exitCode === 0
}

test('who scans the host is shown with his reason and may be let in again; the platform answered him all the time', async () => {
  await scan()
  await waitFor('the scan to be shown', async () =>
    (await events()).some(({ kind, src_endpoint }) => kind === 'scan' && src_endpoint.ip === OUTSIDE),
  )
  await waitFor('the hold to be shown', async () => (await blockOf(OUTSIDE)) !== undefined)
  const block = await blockOf(OUTSIDE)
  assert.deepEqual([block?.kind, block?.times], ['held', 1])
  assert.equal(await answers(), true)
  await cliJson(['network', 'blocks', 'lift', OUTSIDE])
  await waitFor('nobody to be held', async () => (await blockOf(OUTSIDE)) === undefined)
})

test('a block ends what the platform answers, until it is lifted', async () => {
  await cliJson(['network', 'blocks', 'add', OUTSIDE, '--for', '10m', '--reason', 'a test'])
  await waitFor('silence', async () => !(await answers()))
  await cliJson(['network', 'blocks', 'lift', OUTSIDE])
  await waitFor('an answer', answers)
})

test('nobody can be cut off by mistake', async () => {
  for (const source of ['127.0.0.0/8', '1.2.3.4/3', 'nonsense'])
    assert.notEqual((await cli(['network', 'blocks', 'add', source, '--reason', 'x'])).exitCode, 0)
  assert.equal((await cliError(['network', 'blocks', 'lift', '192.0.2.99'])).code, 'guard.not_blocked')
})

test('a test that was agreed on is recorded and not held', async () => {
  const agreed = await cliJson<Engagement>([
    'network',
    'engagement',
    'add',
    OUTSIDE,
    '--reference',
    'PT-1',
    '--for',
    '1h',
  ])
  assert.equal(agreed.state, 'open')
  await waitFor('it to be recorded', async () => {
    await scan()
    return (await events()).some(
      ({ kind, src_endpoint }) => kind === 'engagement' && src_endpoint.ip === OUTSIDE,
    )
  })
  assert.equal(await blockOf(OUTSIDE), undefined)
  assert.equal((await cliJson<Engagement>(['network', 'engagement', 'end', agreed.id])).state, 'over')
})
