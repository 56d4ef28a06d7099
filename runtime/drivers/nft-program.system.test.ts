import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, test } from 'node:test'
import { until } from '#runtime/agent/test-host.ts'
import { makeNftBy } from './nft.ts'
import { makeNftProgram, type NftProgram } from './nft-program.ts'
import { run } from './process.ts'
import { makeNetwork, type TestNetwork } from './test-networks.ts'

let host: TestNetwork
let program: NftProgram

before(async () => {
  host = await makeNetwork('p')
  program = makeNftProgram(host.enter, true)
})
after(async () => await host?.remove())

/** A table whose set and counter packets fill. */
const tableOf = (name: string) => `table inet ${name} {
  counter seen { }
  set met { type ipv4_addr; flags dynamic; size 100; }
  set kept { type ipv4_addr; }
  chain out { type filter hook output priority 0; counter name seen add @met { ip daddr }
  }
}
`
type Step = { readonly load: string } | { readonly byHand: string } | { readonly packetTo: string }

const oneOf = <T>(...all: readonly T[]): T => all[randomInt(all.length)] as T

function anyStep(): Step {
  const name = oneOf('one', 'two', 'none')
  const address = `127.0.0.${randomInt(1, 6)}`
  const element = `add element inet ${name} kept { ${address} }\n`
  return oneOf<Step>(
    ...[{ load: tableOf(name) }, { load: `delete table inet ${name}\n` }, { load: element }],
    ...[{ load: `${element}bogus\n` }, { byHand: element }, { packetTo: address }],
  )
}

async function take(step: Step): Promise<void> {
  if ('load' in step) await program.load(step.load)
  else if ('byHand' in step) await host.run(['nft', '--file', '-'], { input: step.byHand })
  else await host.run(['bash', '-c', 'echo > "/dev/udp/$1/9"', 'send', step.packetTo])
}

const asked = ['one', 'two', 'none'].flatMap((name) => [
  `list set inet ${name} met`,
  `list set inet ${name} kept`,
  `list counters table inet ${name}`,
])

/** Each by a program of its own, as a person would ask. */
async function askedAnew(): Promise<string> {
  const answers = await Promise.all(asked.map((command) => host.run(['nft', ...command.split(' ')])))
  return answers.map(({ stdout }) => stdout).join('')
}

test('a program that stays says what a new one says, whatever it, a hand and packets did before', async () => {
  const taken: Step[] = []
  for (let step = 0; step < 60; step += 1) {
    taken.push(anyStep())
    await take(taken.at(-1) as Step)
    const { stdout } = await program.ask(`${asked.join('\n')}\n`)
    assert.equal(stdout, await askedAnew(), `after ${JSON.stringify(taken)}`)
  }
})

test('a script is loaded whole or not at all, and what is refused is said with its place', async () => {
  const nft = makeNftBy(program)
  await nft.load(`flush ruleset\n${tableOf('one')}`)
  await assert.rejects(
    nft.load('add element inet one kept { 127.0.0.1 }\nadd element inet one gone { 127.0.0.1 }\n'),
    /nft load failed: [\s\S]*No such file or directory[\s\S]*add element inet one gone/,
  )
  await assert.rejects(nft.load('bogus\n'), /nft load failed: [\s\S]*syntax error/)
  assert.doesNotMatch(await nft.members('inet', 'one', ['kept']), /127/)
  await nft.remove('inet', 'two')
  await nft.remove('inet', 'one')
  assert.deepEqual(await nft.tables(), [])
  assert.equal(await nft.members('inet', 'one', ['kept']), '')
})

test('one that is killed while it works is told of, and another takes its place', async () => {
  await program.load(`flush ruleset\n${tableOf('one')}`)
  const many = Array.from({ length: 60_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`).join(', ')
  const failing = assert.rejects(
    program.load(`add element inet one kept { ${many} }\n`),
    /nft ended before it had answered/,
  )
  await until('it to work', async () => {
    const { exitCode } = await run(['pkill', '--parent', String(process.pid), '--exact', 'nft'])
    return exitCode === 0
  })
  await failing
  assert.match((await program.ask('list tables\n')).stdout, /table inet one/)
})

test('one that cannot be started, or ends at once, is told of at once, whatever it was asked', async () => {
  const began = performance.now()
  for (const [enter, why] of [
    [['/nowhere/at/all'], /ENOENT/],
    [['/bin/true'], /nft ended before it had answered/],
    [['ip', 'netns', 'exec', 'nowhere'], /nft ended before it had answered: .*nowhere/],
  ] as const)
    for (const stays of [true, false]) {
      const broken = makeNftProgram(enter, stays)
      const asked = [
        broken.ask('list tables\n'),
        broken.load('add table inet one\n'),
        broken.ask('list tables\n'),
      ]
      for (const one of asked) await assert.rejects(one, why)
    }
  assert.ok(performance.now() - began < 5_000, 'nobody waited for an answer')
})

test('a program that has answered often is followed by another, without a question lost', async () => {
  const pids = async () =>
    (await run(['pgrep', '--parent', String(process.pid), '--exact', 'nft'])).stdout.trim()
  await program.ask('list tables\n')
  const first = await pids()
  const answers = await Promise.all(Array.from({ length: 1_100 }, () => program.ask('list tables\n')))
  assert.ok(answers.every(({ stdout }) => stdout === 'table inet one\n'))
  const second = await pids()
  assert.match(`${first} ${second}`, /^\d+ \d+$/)
  assert.notEqual(first, second)
})

for (const stays of [true, false]) {
  test(`one that ${stays ? 'stays' : 'ends with its answer'} holds nobody up, and ends with who asked`, async () => {
    const script = `
    import { makeNftProgram } from '${import.meta.resolve('./nft-program.ts')}'
    const program = makeNftProgram(${JSON.stringify(host.enter)}, ${stays})
    console.log((await program.ask('list tables\\n')).stdout)`
    const { stdout, exitCode } = await run(
      [process.execPath, '--input-type=module-typescript', '--eval', script],
      { timeoutMs: 20_000 },
    )
    assert.deepEqual([stdout.trim(), exitCode], ['table inet one', 0])
    const inside = async () => (await run(['ip', 'netns', 'pids', host.name])).stdout.trim().split('\n')
    await until('the other program to be gone', async () => (await inside()).length === 1)
  })
}
