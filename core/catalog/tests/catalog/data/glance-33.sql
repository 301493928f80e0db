-- A database made by `glance-manage db sync` of Glance 33.0.0 and filled through its database API.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('2024_1_contract01');
CREATE TABLE cached_images (
	id INTEGER NOT NULL,
	image_id VARCHAR(36) NOT NULL,
	last_accessed DATETIME NOT NULL,
	last_modified DATETIME NOT NULL,
	size BIGINT NOT NULL,
	hits INTEGER NOT NULL,
	checksum VARCHAR(32),
	node_reference_id INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(node_reference_id) REFERENCES node_reference (node_reference_id),
	CONSTRAINT ix_cached_images_image_id_node_reference_id UNIQUE (image_id, node_reference_id)
);
CREATE TABLE image_locations (
	id INTEGER NOT NULL,
	image_id VARCHAR(36) NOT NULL,
	value TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL,
	meta_data TEXT,
	status VARCHAR(30) DEFAULT 'active' NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(image_id) REFERENCES images (id),
	CHECK (deleted IN (0, 1))
);
INSERT INTO "image_locations" VALUES(1,'00000001-1111-4222-8333-444444444444','file:///images/00000001-1111-4222-8333-444444444444','2026-11-22 11:16:48.024301','2026-11-22 11:16:48.024319',NULL,0,'{"store": "fast"}','active');
INSERT INTO "image_locations" VALUES(2,'00000001-1111-4222-8333-444444444444','file:///cheap/00000001-1111-4222-8333-444444444444','2026-11-22 11:16:48.026267','2026-11-22 11:16:48.026287',NULL,0,'{"store": "cheap"}','active');
INSERT INTO "image_locations" VALUES(3,'00000004-1111-4222-8333-444444444444','file:///images/00000004-1111-4222-8333-444444444444','2026-11-22 11:16:48.086976','2026-11-22 11:16:48.097764','2026-11-22 11:16:48.097764',1,'{}','deleted');
CREATE TABLE image_members (
	id INTEGER NOT NULL,
	image_id VARCHAR(36) NOT NULL,
	member VARCHAR(255) NOT NULL,
	can_share BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL,
	status VARCHAR(20) DEFAULT 'pending' NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(image_id) REFERENCES images (id),
	CONSTRAINT image_members_image_id_member_deleted_at_key UNIQUE (image_id, member, deleted_at),
	CHECK (can_share IN (0, 1)),
	CHECK (deleted IN (0, 1))
);
INSERT INTO "image_members" VALUES(1,'00000003-1111-4222-8333-444444444444','p2',0,'2026-11-22 11:16:48.077979','2026-11-22 11:16:48.077994',NULL,0,'accepted');
CREATE TABLE image_properties (
	id INTEGER NOT NULL,
	image_id VARCHAR(36) NOT NULL,
	name VARCHAR(255) NOT NULL,
	value TEXT,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(image_id) REFERENCES images (id),
	CONSTRAINT ix_image_properties_image_id_name UNIQUE (image_id, name),
	CHECK (deleted IN (0, 1))
);
INSERT INTO "image_properties" VALUES(1,'00000001-1111-4222-8333-444444444444','os_distro','debian','2026-11-22 11:16:48.017377','2026-11-22 11:16:48.017391',NULL,0);
INSERT INTO "image_properties" VALUES(2,'00000001-1111-4222-8333-444444444444','hw_note',NULL,'2026-11-22 11:16:48.018604','2026-11-22 11:16:48.018617',NULL,0);
INSERT INTO "image_properties" VALUES(3,'00000004-1111-4222-8333-444444444444','gone','x','2026-11-22 11:16:48.084757','2026-11-22 11:16:48.108893','2026-11-22 11:16:48.097764',1);
INSERT INTO "image_properties" VALUES(4,'00000001-1111-4222-8333-444444444444','dropped','soon','2026-11-22 11:16:48.127204','2026-11-22 11:16:48.149376','2026-11-22 11:16:48.145108',1);
CREATE TABLE image_tags (
	id INTEGER NOT NULL,
	image_id VARCHAR(36) NOT NULL,
	value VARCHAR(255) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(image_id) REFERENCES images (id),
	CHECK (deleted IN (0, 1))
);
INSERT INTO "image_tags" VALUES(1,'00000001-1111-4222-8333-444444444444','green','2026-11-22 11:16:48.045512','2026-11-22 11:16:48.045525',NULL,0);
INSERT INTO "image_tags" VALUES(2,'00000001-1111-4222-8333-444444444444','blue','2026-11-22 11:16:48.047008','2026-11-22 11:16:48.056337','2026-11-22 11:16:48.054731',1);
CREATE TABLE "images" (
	id VARCHAR(36) NOT NULL,
	name VARCHAR(255),
	size INTEGER,
	status VARCHAR(30) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL,
	disk_format VARCHAR(20),
	container_format VARCHAR(20),
	checksum VARCHAR(32),
	owner VARCHAR(255),
	min_disk INTEGER NOT NULL,
	min_ram INTEGER NOT NULL,
	protected BOOLEAN DEFAULT 0 NOT NULL,
	virtual_size INTEGER,
	visibility VARCHAR(9) DEFAULT 'shared' NOT NULL,
	os_hidden BOOLEAN DEFAULT 0 NOT NULL,
	os_hash_algo VARCHAR(64),
	os_hash_value VARCHAR(128),
	PRIMARY KEY (id)
);
INSERT INTO "images" VALUES('00000001-1111-4222-8333-444444444444','image 1',5,'active','2026-01-02 03:04:01.000250','2026-11-22 11:16:48.137920',NULL,0,'qcow2','bare','d41d8cd98f00b204e9800998ecf8427e','p1',0,0,0,10,'public',0,'sha512','abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab');
INSERT INTO "images" VALUES('00000002-1111-4222-8333-444444444444',NULL,NULL,'saving','2026-01-02 03:04:02.000250','2026-01-02 03:05:02.000000',NULL,0,'qcow2','bare',NULL,'p1',0,0,0,NULL,'shared',0,NULL,NULL);
INSERT INTO "images" VALUES('00000003-1111-4222-8333-444444444444','image 3',NULL,'queued','2026-01-02 03:04:03.000250','2026-01-02 03:05:03.000000',NULL,0,NULL,NULL,NULL,'p1',0,0,0,NULL,'shared',0,NULL,NULL);
INSERT INTO "images" VALUES('00000004-1111-4222-8333-444444444444','image 4',NULL,'active','2026-01-02 03:04:04.000250','2026-11-22 11:16:48.099521','2026-11-22 11:16:48.097764',1,'qcow2','bare',NULL,'p1',0,0,0,NULL,'shared',0,NULL,NULL);
CREATE TABLE metadef_namespace_resource_types (
	resource_type_id INTEGER NOT NULL,
	namespace_id INTEGER NOT NULL,
	properties_target VARCHAR(80),
	prefix VARCHAR(80),
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	PRIMARY KEY (resource_type_id, namespace_id),
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id),
	FOREIGN KEY(resource_type_id) REFERENCES metadef_resource_types (id)
);
CREATE TABLE metadef_namespaces (
	id INTEGER NOT NULL,
	namespace VARCHAR(80) NOT NULL,
	display_name VARCHAR(80),
	description TEXT,
	visibility VARCHAR(32),
	protected BOOLEAN,
	owner VARCHAR(255) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	PRIMARY KEY (id),
	CONSTRAINT uq_metadef_namespaces_namespace UNIQUE (namespace),
	CHECK (protected IN (0, 1))
);
CREATE TABLE metadef_objects (
	id INTEGER NOT NULL,
	namespace_id INTEGER NOT NULL,
	name VARCHAR(80) NOT NULL,
	description TEXT,
	required TEXT,
	json_schema TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	PRIMARY KEY (id),
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id),
	CONSTRAINT uq_metadef_objects_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE TABLE metadef_properties (
	id INTEGER NOT NULL,
	namespace_id INTEGER NOT NULL,
	name VARCHAR(80) NOT NULL,
	json_schema TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	PRIMARY KEY (id),
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id),
	CONSTRAINT uq_metadef_properties_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE TABLE metadef_resource_types (
	id INTEGER NOT NULL,
	name VARCHAR(80) NOT NULL,
	protected BOOLEAN NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	PRIMARY KEY (id),
	CONSTRAINT uq_metadef_resource_types_name UNIQUE (name),
	CHECK (protected IN (0, 1))
);
CREATE TABLE metadef_tags (
	id INTEGER NOT NULL,
	namespace_id INTEGER NOT NULL,
	name VARCHAR(80) NOT NULL,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	PRIMARY KEY (id),
	FOREIGN KEY(namespace_id) REFERENCES metadef_namespaces (id),
	CONSTRAINT uq_metadef_tags_namespace_id_name UNIQUE (namespace_id, name)
);
CREATE TABLE node_reference (
	node_reference_id INTEGER NOT NULL,
	node_reference_url VARCHAR(255) NOT NULL,
	PRIMARY KEY (node_reference_id),
	CONSTRAINT uq_node_reference_node_reference_url UNIQUE (node_reference_url)
);
CREATE TABLE task_info (
	task_id VARCHAR(36) NOT NULL,
	input TEXT,
	result TEXT,
	message TEXT,
	PRIMARY KEY (task_id),
	FOREIGN KEY(task_id) REFERENCES tasks (id)
);
CREATE TABLE tasks (
	id VARCHAR(36) NOT NULL,
	type VARCHAR(30) NOT NULL,
	status VARCHAR(30) NOT NULL,
	owner VARCHAR(255) NOT NULL,
	expires_at DATETIME,
	created_at DATETIME NOT NULL,
	updated_at DATETIME,
	deleted_at DATETIME,
	deleted BOOLEAN NOT NULL, image_id VARCHAR(36), request_id VARCHAR(64), user_id VARCHAR(64),
	PRIMARY KEY (id),
	CHECK (deleted IN (0, 1))
);
CREATE INDEX ix_image_properties_deleted ON image_properties (deleted);
CREATE INDEX ix_image_properties_image_id ON image_properties (image_id);
CREATE INDEX ix_image_locations_deleted ON image_locations (deleted);
CREATE INDEX ix_image_locations_image_id ON image_locations (image_id);
CREATE INDEX ix_image_members_deleted ON image_members (deleted);
CREATE INDEX ix_image_members_image_id ON image_members (image_id);
CREATE INDEX ix_image_members_image_id_member ON image_members (image_id, member);
CREATE INDEX ix_image_tags_image_id ON image_tags (image_id);
CREATE INDEX ix_image_tags_image_id_tag_value ON image_tags (image_id, value);
CREATE INDEX ix_tasks_deleted ON tasks (deleted);
CREATE INDEX ix_tasks_owner ON tasks (owner);
CREATE INDEX ix_tasks_status ON tasks (status);
CREATE INDEX ix_tasks_type ON tasks (type);
CREATE INDEX ix_tasks_updated_at ON tasks (updated_at);
CREATE INDEX ix_metadef_namespaces_owner ON metadef_namespaces (owner);
CREATE INDEX ix_metadef_ns_res_types_namespace_id ON metadef_namespace_resource_types (namespace_id);
CREATE INDEX ix_metadef_objects_name ON metadef_objects (name);
CREATE INDEX ix_metadef_properties_name ON metadef_properties (name);
CREATE INDEX ix_metadef_tags_name ON metadef_tags (name);
CREATE INDEX ix_tasks_image_id ON tasks (image_id);
CREATE INDEX os_hash_value_image_idx ON images (os_hash_value);
CREATE INDEX visibility_image_idx ON images (visibility);
CREATE INDEX ix_images_deleted ON images (deleted);
CREATE INDEX updated_at_image_idx ON images (updated_at);
CREATE INDEX created_at_image_idx ON images (created_at);
CREATE INDEX owner_image_idx ON images (owner);
CREATE INDEX checksum_image_idx ON images (checksum);
CREATE INDEX os_hidden_image_idx ON images (os_hidden);
COMMIT;
