-- A database that was brought here from MySQL may hold times without a fraction. Times are compared as text, so all
-- must be of one length.
UPDATE images SET created_at = created_at || '.000000' WHERE LENGTH(created_at) = 19;
UPDATE images SET updated_at = updated_at || '.000000' WHERE LENGTH(updated_at) = 19;
