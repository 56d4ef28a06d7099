-- Every control plane that runs. The row is there before its process does anything, and is removed when it has stopped,
-- or by another one, after none of its connections is left.
create table server_process (
  id text primary key,
  -- The lowest number leads.
  number bigint generated always as identity,
  -- Where it listens: a newer one at the same place shows that the one before is gone.
  place text not null,
  version text not null,
  started_at timestamptz not null default now(),
  beat bigint not null default 0,
  -- Ids that its locks of jobs carry.
  lock_ids text[] not null default '{}',
  -- From now on none of its connections is admitted.
  replaced boolean not null default false
);

-- Whose request it is: it is forgotten with its process.
alter table server_idempotency add column process text;

-- Where a source was uploaded, and where a release was built: there its files and its image are. Null only until the
-- first host has taken what is from before.
alter table apps_source add column host text;
alter table apps_release add column built_on text;

-- Attempts at secrets that a source address may still make; counted for all control planes together.
create table server_attempts (
  source text primary key,
  remaining double precision not null,
  at timestamptz not null default clock_timestamp()
);
create index server_attempts_by_time on server_attempts (at);
