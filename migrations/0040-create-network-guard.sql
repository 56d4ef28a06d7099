-- Whom people keep out, on every host. Whom the hosts themselves hold is in their reports.
create table network_block (
  source text primary key,
  since timestamptz not null,
  until timestamptz,
  reason text not null,
  created_by text not null
);

-- Who was let in again: hosts forget holds that began before. Kept for as long as the longest hold lasts.
create table network_lift (
  source text primary key,
  at timestamptz not null
);

-- Who is never judged.
create table network_partner (
  source text primary key,
  reason text not null,
  created_by text not null,
  since timestamptz not null
);

-- Penetration tests that were agreed on. They stay after their end, for the record.
create table network_engagement (
  id text primary key,
  source text not null,
  reference text not null,
  -- None: every host.
  hosts text[] not null default '{}',
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  created_by text not null
);

-- What was noticed; one line for each source and kind within a minute.
create table network_event (
  host text not null,
  uid text not null,
  kind text not null,
  started_at timestamptz not null,
  event jsonb not null,
  primary key (host, uid)
);
create index network_event_by_time on network_event (started_at desc);

-- The last that each host's guard has said: whom it holds, and what is wrong with it.
create table network_report (
  host text primary key,
  at timestamptz not null,
  problem text not null,
  blocks jsonb not null
);
