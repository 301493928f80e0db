-- @IMAGES@ images in a catalog that has one, of which a tenth belong to the project of that one, a tenth are public, and the
-- rest belong to nine other projects. Of a thousand, 26 that the first project may see have one and the same distribution: a page of
-- 25 is full in each catalog.
PRAGMA synchronous = OFF;
BEGIN;
CREATE TEMP TABLE own AS SELECT owner FROM images LIMIT 1;
DELETE FROM image_properties;
DELETE FROM image_tags;
DELETE FROM images;
CREATE TEMP TABLE number AS
  WITH RECURSIVE counting(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < @IMAGES@)
  SELECT n, PRINTF('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n) AS id FROM counting;
INSERT INTO images (id, name, disk_format, container_format, size, virtual_size, status, visibility, checksum,
  os_hash_algo, os_hash_value, min_disk, min_ram, owner, protected, os_hidden, created_at, updated_at, deleted)
SELECT id, PRINTF('image-%06d', (n * 7919) % 1000000),
  CASE n % 3 WHEN 0 THEN 'qcow2' WHEN 1 THEN 'raw' ELSE 'iso' END, 'bare',
  (n * 104729) % 1000000007, (n * 104729) % 1000000007, CASE n % 20 WHEN 0 THEN 'queued' ELSE 'active' END,
  CASE n % 10 WHEN 1 THEN 'public' ELSE 'private' END, PRINTF('%032x', n), 'sha512', PRINTF('%0128x', n), 0, 0,
  CASE n % 10 WHEN 0 THEN (SELECT owner FROM own) ELSE PRINTF('project-%d', n % 10) END, 0, 0,
  STRFTIME('%Y-%m-%d %H:%M:%S.000000', 1700000000 + n, 'unixepoch'),
  STRFTIME('%Y-%m-%d %H:%M:%S.000000', 1700000000 + n + (n * 31) % 86400, 'unixepoch'), FALSE
FROM number;
INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
SELECT id, 'os_distro', PRINTF('distro%d', n / 10 % 8), '2024-01-01 00:00:00.000000', '2024-01-01 00:00:00.000000', FALSE
FROM number;
INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
SELECT id, 'rack', CASE WHEN n % (@IMAGES@ / 25) = 0 THEN 'rare' ELSE 'common' END,
  '2024-01-01 00:00:00.000000', '2024-01-01 00:00:00.000000', FALSE
FROM number;
INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted)
SELECT id, 'bench', '2024-01-01 00:00:00.000000', '2024-01-01 00:00:00.000000', FALSE
FROM number WHERE n % 10 = 0;
COMMIT;
