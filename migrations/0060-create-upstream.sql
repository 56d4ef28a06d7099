-- Providers that drop traffic before it arrives, and what they are asked to drop.
create table upstream_provider (
  name text primary key,
  settings jsonb not null,
  hosts text[] not null,
  automatic jsonb,
  -- Sealed in the secret box.
  secret text,
  created_by text not null,
  created_at timestamptz not null,
  -- Of a webhook: the wish that it acknowledged last, and what is wrong with telling it.
  acknowledged text,
  acknowledged_at timestamptz,
  problem text not null default ''
);

create table upstream_black_hole (
  id text primary key,
  address text not null,
  -- Null: all providers that bring the address.
  upstream text references upstream_provider on delete cascade,
  since timestamptz not null,
  until timestamptz not null,
  reason text not null,
  created_by text not null,
  automatic boolean not null,
  ended_at timestamptz,
  ended_by text
);
create unique index upstream_black_hole_standing on upstream_black_hole (address, coalesce(upstream, ''))
  where ended_at is null;
create index upstream_black_hole_by_time on upstream_black_hole (since);
