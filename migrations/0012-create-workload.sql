-- The generation of the apps' half of the host's state: one row.
create table workload_generation (
  only_one boolean primary key default true check (only_one),
  generation int not null
);
insert into workload_generation (generation) values (0);

-- The latest report of each host, and when it arrived here (hosts' clocks are not compared with ours).
create table workload_report (
  host text primary key,
  report jsonb not null,
  received_at timestamptz not null
);
