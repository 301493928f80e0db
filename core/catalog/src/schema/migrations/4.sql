-- The orders of lists that are asked for most, each followed by what says who may see an image: to go past those that are not
-- for the caller, no image has to be read.
DROP INDEX casement_images_list_idx;
DROP INDEX casement_images_by_name_idx;
CREATE INDEX casement_images_list_idx ON images (deleted, os_hidden, created_at, id, visibility, owner, status);
CREATE INDEX casement_images_by_name_idx
  ON images (deleted, os_hidden, COALESCE(name, ''), created_at, id, visibility, owner, status);
