-- A database that was brought here from MySQL may hold times without a fraction. Times are compared as text, so all
-- must be of one length.
UPDATE images SET created_at = created_at || '.000000' WHERE LENGTH(created_at) = 19;
UPDATE images SET updated_at = updated_at || '.000000' WHERE LENGTH(updated_at) = 19;

-- Marks of imports that were under way. Nobody goes on with them, and an image that is being copied counts as one whose
-- data is on its way.
UPDATE image_properties SET deleted = TRUE, deleted_at = STRFTIME('%Y-%m-%d %H:%M:%f000', 'now')
WHERE NOT deleted AND name IN ('os_glance_import_task', 'os_glance_importing_to_stores', 'os_glance_stage_host');
