import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { chooseApp, nameFrom } from './app-name.ts'

test('names become valid app names, or nothing', () => {
  const cases: Array<[string, string | undefined]> = [
    ['notes', 'notes'],
    ['@acme/My_Shop', 'my-shop'],
    ['2024 Report', 'report'],
    ['Café--Menü', 'cafe-menu'],
    ['x'.repeat(60), 'x'.repeat(40)],
    [`${'x'.repeat(39)}-y`, 'x'.repeat(39)],
    ['a', undefined],
    ['---', undefined],
    ['api', undefined],
    ['$(reboot)', 'reboot'],
  ]
  for (const [given, expected] of cases) assert.equal(nameFrom(given), expected, given)
})

const folder = await mkdtemp(join(tmpdir(), 'shop-front-'))
after(() => rm(folder, { recursive: true }))

test('the app is --app, else maru.json, else package.json, else the folder', async () => {
  assert.match(await chooseApp(undefined, folder), /^shop-front-/)
  await writeFile(join(folder, 'package.json'), '{"name":"@acme/shop"}')
  assert.equal(await chooseApp(undefined, folder), 'shop')
  await writeFile(join(folder, 'maru.json'), '{"app":"shop-staging"}')
  assert.equal(await chooseApp(undefined, folder), 'shop-staging')
  assert.equal(await chooseApp('other', folder), 'other')
})

test('a bad name says where it stands', async () => {
  await writeFile(join(folder, 'maru.json'), '{"app":"../etc"}')
  await assert.rejects(chooseApp(undefined, folder), (error: unknown) => {
    assert.ok(error instanceof MaruError)
    assert.match(error.message, /^"app" in .*maru\.json: must be 2 to 40/)
    return true
  })
  await assert.rejects(chooseApp('a"b\n', folder), /^MaruError: --app: must be/)
  await writeFile(join(folder, 'maru.json'), '{')
  await assert.rejects(chooseApp(undefined, folder), /maru\.json: is not valid JSON/)
})
