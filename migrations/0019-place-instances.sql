-- Where each instance is. Empty: from before there was more than one host; the first host takes those over.
alter table apps_instance add column host text not null default '';
alter table apps_instance alter column host drop default;
alter table apps_instance add column placed_at timestamptz not null default now();
-- Whether it came here by a move that could have waited; so many of those are begun in a minute.
alter table apps_instance add column moved boolean not null default false;
-- Since when another host takes it over: until that one is healthy and what is under way here has ended, it is on both.
alter table apps_instance add column leaving_since timestamptz;

alter table apps_instance drop constraint apps_instance_pkey;
alter table apps_instance add primary key (app_id, process, index, release, epoch, host);
create unique index apps_instance_once on apps_instance (app_id, process, index, release, epoch)
  where leaving_since is null;
create index apps_instance_by_host on apps_instance (host);
