-- Runs of drills with all that they handed in; what they prove is in trust_evidence. The ledger stands apart: it is
-- large, and seldom read.
create table drills_run (
  id text primary key,
  drill text not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  result jsonb not null,
  ledger jsonb,
  -- The same run handed in twice is one run.
  unique (drill, started_at)
);
create index drills_run_by_drill on drills_run (drill, finished_at desc);

insert into drills_run (id, drill, started_at, finished_at, result)
select 'run_' || lpad(evidence_id::text, 8, '0'), result ->> 'drill', (result ->> 'startedAt')::timestamptz,
  (result ->> 'finishedAt')::timestamptz, result
from trust_drill
on conflict do nothing;
drop table trust_drill;
