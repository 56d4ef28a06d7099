import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertGolden } from '#tests/golden.ts'
import {
  type AppSnapshot,
  type Plan,
  planConfig,
  planDeploy,
  planDestroy,
  planRestart,
  planRollback,
  planRotation,
  planScale,
  planStack,
  type Refusal,
  renderPlan,
} from './plan.ts'

const empty: AppSnapshot = {
  name: 'shop',
  release: null,
  epoch: 0,
  nextRelease: 1,
  usable: [],
  formation: {},
  instances: [],
  rotation: null,
}
const v1 = { version: 1, processes: { web: 'node old.js' }, hasSlug: true }
const v2 = {
  version: 2,
  processes: { web: 'node server.js', worker: 'node worker.js', release: 'node m.js' },
  hasSlug: true,
}
const running: AppSnapshot = {
  ...empty,
  release: v2,
  nextRelease: 3,
  usable: [v2, v1],
  instances: [
    { process: 'web', index: 1, release: 2, epoch: 0 },
    { process: 'web', index: 2, release: 2, epoch: 0 },
    { process: 'worker', index: 1, release: 2, epoch: 0 },
  ],
  rotation: 0,
}
const node = { kind: 'node', nodeMajor: 26, manager: 'npm', buildScript: false } as const
const source = { id: 'src_aaaaaaaaaaaa', recipe: node, processes: v2.processes }

/** The plan in words, with what its new release is made from. */
function show(plan: Plan | Refusal | null): string {
  assert.ok(plan !== null)
  if ('refused' in plan) return `refused: ${plan.refused} ${JSON.stringify(plan.params)}`
  const made = plan.newRelease
  const head =
    made === null
      ? 'no new release'
      : `v${made.version} "${made.reason}", code of ${made.codeOf ?? 'the build'}, configuration of ${made.configOf}, rotation ${made.rotation}`
  return `${plan.kind} of ${plan.app}: ${head}\n${renderPlan(plan)}`
}

const golden = (name: string, plan: Plan | Refusal | null) =>
  assertGolden(import.meta.dirname, `${name}.txt`, show(plan))

test('a first deploy', () => golden('deploy-first', planDeploy(empty, source)))
test('a further deploy starts the new before it stops the old', () =>
  golden('deploy-further', planDeploy(running, source)))
test('a Dockerfile without a Procfile runs what the image says', () => {
  const plan = planDeploy(empty, { id: source.id, recipe: { kind: 'dockerfile' }, processes: {} })
  assert.deepEqual(plan.newRelease?.processes, { web: '' })
})
test('a rollback goes to the release before, with its code and configuration', () =>
  golden('rollback', planRollback(running, null)))
test('a rollback to a release that is gone is refused', () =>
  golden('rollback-refused', planRollback(running, 9)))
test('a rollback without a release is refused', () =>
  assert.equal(show(planRollback(empty, null)), 'refused: apps.no_release {"app":"shop"}'))
test('configuration makes a release of the same code', () =>
  golden('config', planConfig(running, { set: ['A', 'B'], removed: ['C'] })))
test('configuration before the first release is only stored', () =>
  assert.equal(planConfig(empty, { set: ['A'], removed: [] }), null))
test('scaling up starts only what is missing', () => golden('scale-up', planScale(running, { web: 3 })))
test('scaling down stops only what is surplus', () =>
  golden('scale-down', planScale(running, { web: 1, worker: 0 })))
test('scaling to what is there touches no instance', () =>
  golden('scale-same', planScale(running, { web: 2 })))
test('scaling an unknown process, or the release command, is refused', () => {
  assert.match(show(planScale(running, { clock: 1 })), /apps\.process_unknown.*web, worker/)
  assert.match(show(planScale(running, { release: 1 })), /apps\.process_unknown/)
})
test('a deploy keeps the numbers that a person has set', () => {
  const plan = planDeploy({ ...running, formation: { web: 1, worker: 0 } }, source)
  assert.ok(renderPlan(plan).includes('Start v3 web.1\n'))
})
test('a restart replaces everything by the same release', () => golden('restart', planRestart(running)))
test('a newer stack replaces every instance and makes no release', () => golden('stack', planStack(running)))
test('a rollback to an image of a Dockerfile leaves its stack alone', () => {
  const plan = planRollback({ ...running, usable: [v2, { ...v1, hasSlug: false }] }, null)
  assert.ok('steps' in plan)
  assert.equal(plan.steps[0]?.kind, 'instances.start')
})
test('new credentials come with a new release', () => golden('rotate', planRotation(running)))
test('new credentials without a database are refused', () =>
  assert.match(show(planRotation({ ...running, rotation: null })), /data\.no_database/))
test('destroying stops first and forgets last', () => golden('destroy', planDestroy(running)))
