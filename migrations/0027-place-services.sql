-- Which host has each part of the platform that is on one host at a time. What is not here is on the first host.
create table fleet_service (
  service text primary key,
  host text not null,
  placed_at timestamptz not null
);
