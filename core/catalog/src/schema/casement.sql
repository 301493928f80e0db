-- What Casement needs beyond Glance's tables. Glance never looks at these. This is version 1; what came later stands in
-- migrations/ and is applied after it.

CREATE TABLE casement_schema (
  version INTEGER NOT NULL,
  PRIMARY KEY (version)
);
INSERT INTO casement_schema (version) VALUES (1);

-- One row for each thing that is under way between an image and a store.
CREATE TABLE casement_transfers (
  id VARCHAR(36) NOT NULL,
  image_id VARCHAR(36) NOT NULL,
  store VARCHAR(255) NOT NULL,
  object_key VARCHAR(255) NOT NULL,
  token TEXT NOT NULL,
  state VARCHAR(16) NOT NULL,
  node VARCHAR(255) NOT NULL,
  lease_until DATETIME NOT NULL,
  -- The outcome: all NULL until it is known, then size and location are not.
  size BIGINT,
  virtual_size BIGINT,
  checksum VARCHAR(32),
  os_hash_algo VARCHAR(64),
  os_hash_value VARCHAR(128),
  location_url TEXT,
  location_metadata TEXT,
  PRIMARY KEY (id)
);
CREATE INDEX casement_transfers_image_idx ON casement_transfers (image_id);
CREATE INDEX casement_transfers_node_idx ON casement_transfers (node);

-- The order of the default list, so that a page costs what it holds, however many images there are.
CREATE INDEX casement_images_list_idx ON images (deleted, os_hidden, created_at, id);

-- Whether an id is taken is asked without regard to case.
CREATE INDEX casement_images_id_idx ON images (id COLLATE NOCASE);
