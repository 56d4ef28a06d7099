import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { makeNft } from '#runtime/drivers/nft.ts'
import { makeNetwork } from '#runtime/drivers/test-networks.ts'
import { closedTableOf, renderClosed } from './closed-script.ts'

const INSTALLATION = { id: 'inst_a', name: 'maru', subnet: '10.89' }

/** A program that stands in for the engine; the supervisor finds it on the PATH, and what closes the network beside it. */
async function startSupervisor(engine: string, enter: readonly string[] = [], closing?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'maru-engine-'))
  const file = join(folder, 'dockerd')
  await writeFile(file, engine)
  await chmod(file, 0o755)
  const program = join(import.meta.dirname, 'engine-supervisor.ts')
  const script = join(folder, 'closed.nft')
  if (closing !== undefined) await writeFile(script, closing)
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
  const [command = '', ...args] = [...enter, process.execPath, program, script]
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  // Listened for from the start: it may end before anybody has read its last line.
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (text: string) => {
    for (;;) {
      const { value, done } = await lines.next()
      assert.ok(!done, `it ended before it printed ${text}`)
      if (value.includes(text)) return
    }
  }
  return { child, ended, next, script, clean: () => rm(folder, { recursive: true }) }
}

/** Says which tables there are when it starts; ends once by itself, in which case what closes the network is taken away. */
const LOOKING_ENGINE = `#!/bin/sh
trap "exit 0" TERM
nft list tables | tr '\\n' ' '
echo engine-runs
[ -e "$0.again" ] && while :; do sleep 0.1; done
touch "$0.again"
nft delete table inet ${closedTableOf(INSTALLATION)}
nft delete table bridge ${closedTableOf(INSTALLATION)}
exit 7
`

test('an engine that ends is started again; the end of the supervisor is the end of the engine', async () => {
  const { child, ended, next, clean } = await startSupervisor(
    '#!/bin/sh\ntrap "echo engine-told; exit 0" TERM\necho engine-runs "$@"\n[ -e "$0.again" ] && while :; do sleep 0.1; done\ntouch "$0.again"; exit 7\n',
  )
  try {
    await next('engine-runs --no-new-privileges --live-restore')
    await next('"event":"engine.ended","code":7')
    await next('engine-runs')
    child.kill('SIGTERM')
    await next('engine-told')
    const [code] = await ended
    assert.equal(code, 0)
  } finally {
    child.kill('SIGKILL')
    await clean()
  }
})

test('the network of apps is closed before the engine starts, and not again when that ends', async (t) => {
  const network = await makeNetwork('e')
  t.after(() => network.remove())
  const { child, ended, next, clean } = await startSupervisor(
    LOOKING_ENGINE,
    network.enter,
    renderClosed(INSTALLATION),
  )
  try {
    await next('table inet maru_closed_inst_a table bridge maru_closed_inst_a engine-runs')
    await next('"event":"engine.ended","code":7')
    await next('engine-runs')
    assert.deepEqual(await makeNft(network.enter).tables(), [])
  } finally {
    child.kill('SIGTERM')
    await ended
    await clean()
  }
})

test('where rules are in force nothing is closed: the engine’s keeper ended, and the machine went on', async (t) => {
  const network = await makeNetwork('e')
  t.after(() => network.remove())
  await makeNft(network.enter).load('table inet maru_inst_a {\n}\n')
  const { child, ended, next, clean } = await startSupervisor(
    LOOKING_ENGINE,
    network.enter,
    renderClosed(INSTALLATION),
  )
  try {
    await next('table inet maru_inst_a engine-runs')
    const names = (await makeNft(network.enter).tables()).map(({ name }) => name)
    assert.deepEqual(names, ['maru_inst_a'])
  } finally {
    child.kill('SIGTERM')
    await ended
    await clean()
  }
})

test('an engine whose network cannot be closed does not start until it can', async (t) => {
  const network = await makeNetwork('e')
  t.after(() => network.remove())
  const { child, ended, next, script, clean } = await startSupervisor(
    LOOKING_ENGINE,
    network.enter,
    'table inet { no script }\n',
  )
  try {
    await next('"event":"engine.not_closed"')
    await next('"event":"engine.not_closed"')
    assert.deepEqual(await makeNft(network.enter).tables(), [])
    await writeFile(script, renderClosed(INSTALLATION))
    await next('maru_closed_inst_a engine-runs')
  } finally {
    child.kill('SIGTERM')
    await ended
    await clean()
  }
})
