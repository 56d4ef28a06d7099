import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { runWhileLeading } from './leading.ts'
import { silent } from './test-database.ts'

async function until(what: string, look: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 5_000
  while (!look()) {
    if (performance.now() > giveUpMs) assert.fail(`waited for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Loops that say what becomes of them. */
function loopsOf(said: string[]) {
  return ['a', 'b'].map((name) => async () => {
    said.push(`${name} begins`)
    return {
      async stop() {
        said.push(`${name} ends`)
      },
    }
  })
}

test('loops run for as long as the process leads, and again when it leads again', async () => {
  const said: string[] = []
  let leads = false
  const leading = await runWhileLeading({ leads: () => leads }, loopsOf(said), silent)
  assert.deepEqual(said, [])
  leads = true
  await until('the loops', () => said.length === 2)
  leads = false
  await until('their end', () => said.length === 4)
  leads = true
  await until('the loops again', () => said.length === 6)
  await leading.stop()
  assert.deepEqual(said.slice(2, 4).toSorted(), ['a ends', 'b ends'])
  assert.deepEqual(said.slice(6).toSorted(), ['a ends', 'b ends'])
})

test('when it resolves, the loops of the process that leads have begun', async () => {
  const said: string[] = []
  const leading = await runWhileLeading({ leads: () => true }, loopsOf(said), silent)
  assert.equal(said.length, 2)
  await leading.stop()
})

test('a doubt of one look is none', async () => {
  const said: string[] = []
  let looks = 0
  const leading = await runWhileLeading({ leads: () => ++looks !== 3 }, loopsOf(said), silent)
  await until('some looks', () => looks > 5)
  assert.equal(said.length, 2)
  await leading.stop()
})

test('a loop that cannot begin because the database is away is tried again; the others begin', async () => {
  const said: string[] = []
  let away = true
  const [a, b] = loopsOf(said)
  assert.ok(a && b)
  const starting = runWhileLeading(
    { leads: () => true },
    [a, async () => (away ? Promise.reject(new MaruError('database_unavailable')) : b())],
    silent,
  )
  await until('the first try', () => said.length === 1)
  away = false
  await until('the second', () => said.length === 2)
  await (await starting).stop()
  assert.deepEqual(said.slice(0, 2), ['a begins', 'b begins'])
  assert.deepEqual(said.slice(2).toSorted(), ['a ends', 'b ends'])
})

test('a loop that takes long to end keeps no other from beginning again, and does not run twice', async () => {
  const said: string[] = []
  let leads = true
  const end = Promise.withResolvers<void>()
  const slow = async () => {
    said.push('slow begins')
    return { stop: () => end.promise }
  }
  const leading = await runWhileLeading({ leads: () => leads }, [...loopsOf(said), slow], silent)
  leads = false
  await until('the others’ end', () => said.includes('a ends') && said.includes('b ends'))
  leads = true
  await until('the others again', () => said.filter((line) => /^[ab] begins$/.test(line)).length === 4)
  assert.equal(said.filter((line) => line === 'slow begins').length, 1)
  end.resolve()
  await until('the slow one again', () => said.filter((line) => line === 'slow begins').length === 2)
  await leading.stop()
})

test('a loop that fails for another reason is no matter of waiting', async () => {
  const broken = async () => {
    throw new Error('a mistake')
  }
  await assert.rejects(runWhileLeading({ leads: () => true }, [broken], silent), /a mistake/)
})
