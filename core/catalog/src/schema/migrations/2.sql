-- Bytes of its project's storage that an upload may fill: counted as used until the upload ends.
ALTER TABLE casement_transfers ADD COLUMN reserved BIGINT NOT NULL DEFAULT 0;
