-- Of what goes to the address only this is dropped, such as udp:53; null: everything.
alter table upstream_black_hole add column "only" text;
drop index upstream_black_hole_standing;
create unique index upstream_black_hole_standing
  on upstream_black_hole (address, coalesce(upstream, ''), coalesce("only", '')) where ended_at is null;
