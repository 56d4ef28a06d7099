-- The address that the hosts of a data centre share. What is not here has none.
create table fleet_shared_address (
  data_centre text primary key,
  address text not null unique,
  since timestamptz not null
);
