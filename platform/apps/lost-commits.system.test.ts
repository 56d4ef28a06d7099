import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followEvents } from '#platform/operations/index.ts'
import { loseCommits } from './test-deaths.ts'
import { makeTestPlatform } from './test-platform.ts'

test('answers to COMMIT that are lost all along only delay a deploy: its release command runs once, nothing is told twice', async (t) => {
  const platform = await makeTestPlatform()
  t.after(() => platform.close())
  const operation = await platform.deploy(await platform.makeApp(), {
    web: 'node s.js',
    release: 'node m.js',
  })
  const commits = await loseCommits(platform)
  const done = await platform.run(operation)
  const deaths = await commits.end()

  assert.equal(done.state, 'done', JSON.stringify(done.error))
  assert.ok(deaths > 10, `${deaths}`)
  assert.deepEqual(platform.host.commands, [['node', 'm.js']])
  const told: string[] = []
  for await (const { data } of followEvents(platform.deps, operation.id, 0, AbortSignal.timeout(5000)))
    told.push(data.type === 'log' ? `${data.source}: ${data.line}` : JSON.stringify(data))
  assert.deepEqual(told, [...new Set(told)])
})
