-- The counters of each host as they were last read: the next reading's differences are made from them.
create table metrics_sample (
  host text primary key,
  at timestamptz not null,
  counters jsonb not null
);

-- What each app's requests came to in a step of time. Steps of 10 s are counted; longer ones are sums of shorter ones.
create table metrics_traffic (
  app_id text not null,
  step_s int not null,
  at timestamptz not null,
  answers bigint not null,
  client_errors bigint not null,
  server_errors bigint not null,
  -- Answers whose time is in wait_ms.
  timed bigint not null,
  wait_ms double precision not null,
  primary key (app_id, step_s, at)
);
create index metrics_traffic_by_time on metrics_traffic (step_s, at);

-- What each instance used in a step of time: the most memory, and processor time with the time that it is about.
create table metrics_usage (
  app_id text not null,
  process text not null,
  index int not null,
  step_s int not null,
  at timestamptz not null,
  memory_bytes bigint not null,
  cpu_ms double precision not null,
  span_ms double precision not null,
  primary key (app_id, step_s, at, process, index)
);
create index metrics_usage_by_time on metrics_usage (step_s, at);
