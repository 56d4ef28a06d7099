import pg from 'pg'
import type { TestPlatform } from './test-platform.ts'

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

/**
 * From now on about every second COMMIT that says how far an operation is ends its own connection, as a failover at that moment does.
 * `end` ends that, and tells how many there were.
 */
export async function loseCommits(platform: TestPlatform): Promise<{ end(): Promise<number> }> {
  const client = new pg.Client(platform.database.admin)
  await client.connect()
  await client.query(DEADLY)
  return {
    end: async () => {
      const { rows } = await client.query<{ deaths: number }>('select last_value::int as deaths from deaths')
      await client.query('drop trigger die_at_commit on operations_operation')
      await client.query('drop function die_at_commit; drop sequence deaths')
      await client.end()
      return rows[0]?.deaths ?? 0
    },
  }
}
