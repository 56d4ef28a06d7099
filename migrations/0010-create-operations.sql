-- Long work on an app. A row outlives its app, so it keeps the app's name and team and refers to nothing.
create table operations_operation (
  id text primary key,
  kind text not null,
  app_id text not null,
  app_name text not null,
  team_id text not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  plan text not null,
  steps jsonb not null,
  -- The step that runs now (or next); with step_begun_at set it was begun at least once.
  step_index int not null default 0,
  step_begun_at timestamptz,
  -- Set once a step has failed: from then on steps are undone, from step_index down to 0.
  undoing boolean not null default false,
  error jsonb,
  release int,
  created_by text not null,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  -- Events are numbered by the row itself, so that numbers have no gaps.
  last_event int not null default 0,
  log_lines int not null default 0
);

-- One operation of an app at a time, whatever races: the second insert fails.
create unique index operations_one_under_way on operations_operation (app_id) where state in ('queued', 'running');
create index operations_by_app on operations_operation (app_id, created_at desc);
create index operations_by_age on operations_operation (created_at);

create table operations_event (
  operation_id text not null references operations_operation on delete cascade,
  number int not null,
  event jsonb not null,
  primary key (operation_id, number)
);
