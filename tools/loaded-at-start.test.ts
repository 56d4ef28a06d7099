import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadedWith } from './loaded-at-start.ts'
import { loadSources, parseSource } from './source-tree.ts'

/** Of the server and the agent; together they took half of the time in which a command starts. */
const HEAVY = ['dockerode', 'fastify', 'graphile-worker', 'kysely', 'pg', 'semver']

test('what a command does loads nothing that only the server or the agent needs', () => {
  const sources = loadSources()
  const commands = sources.filter(({ path }) => /^platform\/(?!hosts\/)\w+\/commands[^/]*\.ts$/.test(path))
  assert.ok(commands.length > 5, `only ${commands.length} files of commands were found`)
  const heavy = commands.flatMap(({ path }) => {
    const loaded = loadedWith(sources, path)
    return HEAVY.filter((name) => loaded.has(name)).map((name) => `${path} loads ${name}`)
  })
  assert.deepEqual(heavy, [])
})

test('what is loaded is followed through files, but not through types and lazy imports', () => {
  const files = [
    parseSource('platform/a/commands.ts', `import { b } from './b.ts'\nimport type { C } from './c.ts'`),
    parseSource('platform/a/b.ts', `import 'pg'\nexport const d = () => import('./d.ts')`),
    parseSource('platform/a/c.ts', `import 'semver'`),
    parseSource('platform/a/d.ts', `import 'dockerode'`),
  ]
  assert.deepEqual(
    [...loadedWith(files, 'platform/a/commands.ts')],
    ['platform/a/commands.ts', 'platform/a/b.ts', 'pg'],
  )
})
