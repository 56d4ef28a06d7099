-- SHA-256 of the key that a host has named as its next one, with the word of the one that it has. Until it has answered with it, both
-- are the host's.
alter table fleet_host add column next_key_hash text;
