-- An app's database. Its login roles a and b are used in turn: rotation n logs in as a when n is even, b when odd.
create table data_database (
  app_id text primary key,
  rotation int not null default 0,
  -- Set while a rotation is under way: the role of this rotation can already log in.
  pending_rotation int,
  password_a text,
  password_b text,
  rotated_at timestamptz not null default now(),
  -- Set when the database itself is complete; ensure goes on where it stopped.
  ready boolean not null default false
);
