create table apps_app (
  id text primary key,
  name text not null unique,
  team_id text not null,
  created_at timestamptz not null default now(),
  -- Configuration that the next release gets, sealed for this app; null: empty.
  config_sealed text,
  -- The release that serves, and the restart count of its instances.
  release int,
  epoch int not null default 0,
  next_release int not null default 1
);
create index apps_app_by_team on apps_app (team_id);

create table apps_source (
  id text primary key,
  app_id text not null references apps_app on delete cascade,
  file text not null,
  size_bytes bigint not null,
  files int not null,
  recipe jsonb not null,
  processes jsonb not null,
  created_at timestamptz not null default now()
);
create index apps_source_by_app on apps_source (app_id);

create table apps_release (
  app_id text not null references apps_app on delete cascade,
  version int not null,
  state text not null check (state in ('building', 'starting', 'serving', 'superseded', 'failed')),
  reason text not null,
  created_at timestamptz not null default now(),
  created_by text not null,
  recipe jsonb not null,
  processes jsonb not null,
  config_sealed text,
  -- Which of the database's two login roles this release uses: odd and even rotations take turns.
  database_rotation int not null,
  image text,
  stack text,
  slug_file text,
  slug_bytes bigint,
  primary key (app_id, version)
);

-- Number of instances of a process type, where a person has set it.
create table apps_formation (
  app_id text not null references apps_app on delete cascade,
  process text not null,
  count int not null check (count >= 0),
  primary key (app_id, process)
);

-- Instances that should exist now, those that are starting and draining included.
create table apps_instance (
  app_id text not null references apps_app on delete cascade,
  process text not null,
  index int not null,
  release int not null,
  epoch int not null,
  traffic text not null check (traffic in ('none', 'serve', 'drain')),
  primary key (app_id, process, index, release, epoch)
);
