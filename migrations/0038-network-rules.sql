-- What people have decided about the network. What the platform needs itself is in the program.
create table network_rule (
  id text primary key,
  -- The app whose own rule it is; its people may take it back.
  app_id text references apps_app on delete cascade,
  from_end text not null,
  to_end text not null,
  protocol text not null check (protocol in ('tcp', 'udp')),
  ports text[] not null,
  reason text not null,
  approved_by text not null,
  -- Null: it stands until somebody takes it back.
  until timestamptz,
  created_at timestamptz not null default now(),
  unique (from_end, to_end, protocol, ports)
);
create index network_rule_by_app on network_rule (app_id);

-- There is a row while every host refuses what no rule allows, also what is not the platform's own.
create table network_lock_down (
  "only" boolean primary key default true check ("only"),
  since timestamptz not null,
  by_name text not null,
  -- It is on trial and ends then by itself; null: it was kept.
  until timestamptz
);
