-- A host may say that it has any generation: what it says must not end the numbers.
alter table workload_generation alter column generation type bigint;
alter table fleet_host alter column generation type bigint;

-- Hosts that refuse what is wanted because they say that they have a generation which cannot be, and which one that was at first.
create table workload_refusal (
  host text primary key,
  generation bigint not null,
  since timestamptz not null
);
