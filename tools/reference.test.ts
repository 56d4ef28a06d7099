import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { INSTANCE_ENVIRONMENT } from '#contract/apps.ts'
import { environmentOf } from '#platform/workload/index.ts'
import { buildProgram } from '#runtime/cli/program.ts'
import { LIMIT_MEANINGS } from './limit-meanings.ts'
import { renderLimits } from './reference.ts'
import { renderCli } from './reference-cli.ts'
import { CLI_ENVIRONMENT } from './reference-environment.ts'
import { ROOT } from './source-tree.ts'

test('the reference names every variable that the command line reads', () => {
  const files = globSync('runtime/cli/*.ts', { cwd: ROOT }).filter((path) => !/test/.test(path))
  const text = files.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n')
  const named = new Set(text.match(/\bMARU_[A-Z]+\b/g))
  assert.ok(named.size >= 5, 'the variables were not found')
  assert.deepEqual(
    [...named].filter((name) => !(name in CLI_ENVIRONMENT)),
    [],
  )
})

test('the reference names every variable that the platform gives to an instance', () => {
  const given = environmentOf('shop', { version: 1, config: {}, databaseUrl: 'postgres://' }, 'web')
  const { NODE_ENV: _, ...set } = given
  assert.deepEqual(Object.keys(set).sort(), Object.keys(INSTANCE_ENVIRONMENT).sort())
})

test('every limit has its meaning, and no meaning is left over', () => {
  const text = renderLimits()
  const unused = Object.keys(LIMIT_MEANINGS).filter((name) => !text.includes(`\`${name}\``))
  assert.deepEqual(unused, [])
  assert.match(text, /\| `sourceMaxBytes` \| 256 MB \| what `maru deploy` sends/)
})

test('every command in the reference has an example', () => {
  const sections = renderCli(buildProgram()).split(/^### /m).slice(1)
  assert.ok(sections.length > 25, `${sections.length} commands`)
  assert.deepEqual(
    sections.filter((section) => !section.includes('```')).map((section) => section.split('\n')[0]),
    [],
  )
})
