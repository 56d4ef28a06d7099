import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { followEvents } from '#platform/operations/index.ts'
import { makeTestPlatform } from './test-platform.ts'

/** About every second COMMIT that says how far an operation is ends its own connection, as a failover at that moment does. */
const DEADLY = `
  create sequence deaths;
  grant usage on sequence deaths to public;
  create function die_at_commit() returns trigger language plpgsql as $$
  begin
    if nextval('deaths') % 3 = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
    return null;
  end $$;
  create constraint trigger die_at_commit after update on operations_operation
    deferrable initially deferred for each row execute function die_at_commit()`

test('answers to COMMIT that are lost all along only delay a deploy: its release command runs once, nothing is told twice', async (t) => {
  const platform = await makeTestPlatform()
  t.after(() => platform.close())
  const operation = await platform.deploy(await platform.makeApp(), {
    web: 'node s.js',
    release: 'node m.js',
  })
  const client = new pg.Client(platform.database.admin)
  await client.connect()
  await client.query(DEADLY)
  const done = await platform.run(operation)
  const { rows } = await client.query<{ deaths: number }>('select last_value::int as deaths from deaths')
  await client.query('drop trigger die_at_commit on operations_operation')
  await client.end()

  assert.equal(done.state, 'done', JSON.stringify(done.error))
  assert.ok((rows[0]?.deaths ?? 0) > 10, JSON.stringify(rows))
  assert.deepEqual(platform.host.commands, [['node', 'm.js']])
  const told: string[] = []
  for await (const { data } of followEvents(platform.deps, operation.id, 0, AbortSignal.timeout(5000)))
    told.push(data.type === 'log' ? `${data.source}: ${data.line}` : JSON.stringify(data))
  assert.deepEqual(told, [...new Set(told)])
})
