import assert from 'node:assert/strict'
import { test } from 'node:test'
import { productionPackages } from './production-packages.ts'
import { RECIPES } from './recipes.ts'
import { planRootfs } from './root-filesystem.ts'

test('packages that the program needs, nested ones too; tools and compiled extras stay out', () => {
  const lock = {
    packages: {
      '': { dependencies: { a: '1', b: '1' }, devDependencies: { tool: '1' } },
      'node_modules/a': {
        dependencies: { c: '2' },
        peerDependencies: { b: '1', maybe: '1' },
        peerDependenciesMeta: { maybe: { optional: true } },
      },
      'node_modules/a/node_modules/c': { dependencies: { d: '1' } },
      'node_modules/b': { optionalDependencies: { fast: '1' } },
      'node_modules/c': {},
      'node_modules/d': {},
      'node_modules/fast': { optional: true },
      'node_modules/maybe': {},
      'node_modules/tool': {},
    },
  }
  assert.deepEqual(productionPackages(lock), [
    'node_modules/a',
    'node_modules/a/node_modules/c',
    'node_modules/b',
    'node_modules/d',
  ])
})

test('a root filesystem is made from signed packages of one Debian release only', () => {
  for (const recipe of Object.values(RECIPES)) {
    if (recipe.kind !== 'rootfs') continue
    const argv = planRootfs(recipe, '/w/x.tar', '/w/x.packages')
    const sources = argv.filter((word) => word.startsWith('deb '))
    assert.equal(sources.length, 3)
    assert.ok(sources.every((line) => /^deb http:\/\/deb\.debian\.org\/debian\S* trixie\S* main$/.test(line)))
    assert.ok(argv.some((word) => word.startsWith('--keyring=')))
    assert.ok(!argv.some((word) => /allow-unauthenticated|trusted=yes/i.test(word)))
  }
})
