-- There is a row while what an app's people ask for needs the approval of an operator.
create table network_approval (
  "only" boolean primary key default true check ("only"),
  since timestamptz not null,
  by_name text not null
);

-- Rules that an app's people have asked for and no operator has approved. None of them is in force.
create table network_wish (
  id text primary key,
  app_id text not null references apps_app on delete cascade,
  from_end text not null,
  to_end text not null,
  protocol text not null check (protocol in ('tcp', 'udp')),
  ports text[] not null,
  reason text not null,
  until timestamptz,
  asked_by text not null,
  asked_at timestamptz not null,
  unique (from_end, to_end, protocol, ports)
);
create index network_wish_by_app on network_wish (app_id);

-- Who asked for a rule that another has approved.
alter table network_rule add column asked_by text;

-- What the hosts' packet filters have counted, a row for each host and minute.
create table network_minute (
  host text not null,
  at timestamptz not null,
  judged bigint not null,
  refused bigint not null,
  kept_out bigint not null,
  flooded bigint not null,
  primary key (host, at)
);
create index network_minute_by_time on network_minute (at);
