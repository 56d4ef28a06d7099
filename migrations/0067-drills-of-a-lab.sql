-- The machine that carries a lab of several hosts: what it can carry out, and when it was heard last. At most one row.
create table drills_lab (
  only_one boolean primary key default true check (only_one),
  drills text[] not null,
  seen_at timestamptz not null
);

-- Drills that were started from the platform for that machine to carry out, and what it said of each.
create table drills_start (
  id text primary key,
  drill text not null,
  started_by text not null,
  started_at timestamptz not null,
  finished_at timestamptz
);
-- Two drills at once would measure each other.
create unique index drills_start_one_under_way on drills_start ((true)) where finished_at is null;

create table drills_event (
  start text not null references drills_start on delete cascade,
  number integer not null,
  event jsonb not null,
  primary key (start, number)
);
