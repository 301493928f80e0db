-- The orders of lists, each by its key and then by what makes it total, so that a page costs what it holds. Their
-- expressions are those of list.rs.
CREATE INDEX casement_images_by_name_idx ON images (deleted, os_hidden, COALESCE(name, ''), created_at, id);
CREATE INDEX casement_images_by_status_idx ON images (deleted, os_hidden, status, created_at, id);
CREATE INDEX casement_images_by_container_idx
  ON images (deleted, os_hidden, COALESCE(container_format, ''), created_at, id);
CREATE INDEX casement_images_by_disk_idx ON images (deleted, os_hidden, COALESCE(disk_format, ''), created_at, id);
CREATE INDEX casement_images_by_size_idx ON images (deleted, os_hidden, COALESCE(size, 0), created_at, id);
CREATE INDEX casement_images_by_id_idx ON images (deleted, os_hidden, id, created_at);
CREATE INDEX casement_images_by_update_idx
  ON images (deleted, os_hidden, COALESCE(updated_at, created_at), created_at, id);

-- Which images have a property of this value.
CREATE INDEX casement_properties_value_idx ON image_properties (name, COALESCE(value, ''), image_id) WHERE NOT deleted;
