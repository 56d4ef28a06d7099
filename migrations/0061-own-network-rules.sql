-- A rule that the platform needs for what people set up elsewhere: it goes with that, not by hand.
alter table network_rule add column built_in boolean not null default false;
