-- Which images are shared with a project.
CREATE INDEX casement_members_member_idx ON image_members (member, image_id) WHERE NOT deleted;
