-- An instance keeps the image that it was started with, so that two stacks can stand under one release for a moment.
alter table apps_instance add column image text;
update apps_instance set image = apps_release.image
  from apps_release
  where apps_release.app_id = apps_instance.app_id and apps_release.version = apps_instance.release;

-- The same code on a newer stack, until it serves.
alter table apps_release add column next_image text;
alter table apps_release add column next_stack text;

-- How a roll ended for an app; a row is written once, together with the event that tells of it.
create table stacks_roll_app (
  operation_id text not null references operations_operation on delete cascade,
  app_id text not null,
  app text not null,
  moved boolean not null,
  detail text not null,
  primary key (operation_id, app_id)
);
