-- What checks and drills found out. Rows are never changed; old ones are swept.
create table trust_evidence (
  id bigint generated always as identity primary key,
  source text not null check (source in ('check', 'drill')),
  name text not null,
  promises text[] not null,
  at timestamptz not null,
  passed boolean not null,
  summary text not null,
  facts jsonb not null,
  duration_ms int not null,
  valid_s int not null
);
create index trust_evidence_by_age on trust_evidence (at);

-- The latest of each name, so that the public page reads a few rows however long the history is.
create table trust_latest (
  name text primary key,
  evidence_id bigint not null references trust_evidence on delete cascade
);
create index trust_latest_by_evidence on trust_latest (evidence_id);

-- A drill's own figures, as they were handed in.
create table trust_drill (
  evidence_id bigint primary key references trust_evidence on delete cascade,
  result jsonb not null
);
