import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadedWith } from '../tools/loaded-at-start.ts'
import { loadSources } from '../tools/source-tree.ts'
import { isInProgram } from './content.ts'

test('what the programs in the image load when they start is in the image, the command line of drills among them', () => {
  const files = loadSources()
  const known = new Set(files.map(({ path }) => path))
  // The first is what bin/maru.ts runs.
  const programs = ['runtime/cli/run-program', 'bin/maru-agent', 'bin/maru-drill', 'bin/maru-server']
  for (const program of programs) {
    const loaded = [...loadedWith(files, `${program}.ts`)].filter((path) => known.has(path))
    assert.ok(loaded.length > 1, program)
    assert.deepEqual(
      loaded.filter((path) => !isInProgram(path)),
      [],
      program,
    )
  }
})
