-- The order of the default list once more for each owner and each visibility: who may see few of all images has them without
-- going past those of others. As in the list of all, what else is asked of each image follows.
CREATE INDEX casement_images_of_owner_idx ON images (deleted, os_hidden, owner, created_at, id, visibility, status);
CREATE INDEX casement_images_by_visibility_idx ON images (deleted, os_hidden, visibility, created_at, id, owner, status);
