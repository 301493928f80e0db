//! The rules that hold where the operator says nothing: those of Glance 33.

const ADMIN: &str = "rule:context_is_admin";
const MEMBER: &str = "rule:context_is_admin or (role:member and project_id:%(project_id)s)";
const READER: &str = "rule:context_is_admin or (role:reader and project_id:%(project_id)s)";
const CREATE: &str = "rule:context_is_admin or (role:member and project_id:%(project_id)s and project_id:%(owner)s)";
const SEE_IMAGE: &str = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or \
     project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))";
const DOWNLOAD: &str = "rule:context_is_admin or (role:member and (project_id:%(project_id)s or \
     project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))";
const SEE_MEMBERS: &str =
    "rule:context_is_admin or role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)";
const ANSWER_SHARE: &str = "rule:context_is_admin or (role:member and project_id:%(member_id)s)";
const ADD_LOCATION: &str = "rule:service_api or (role:member and project_id:%(project_id)s and project_id:%(owner)s)";
const SEE_METADEF: &str =
    "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))";
const METADEF_ADMIN: &str = "rule:metadef_admin";

/// Which tokens a rule accepts at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Not those that are scoped to the system or to a domain, whatever their roles.
    Project,
    Any,
}

use Scope::{Any, Project};

pub(crate) const RULES: [(&str, &str, Scope); 67] = [
    ("default", "", Any),
    ("context_is_admin", "role:admin", Any),
    ("service_api", "role:service or role:admin", Any),
    ("add_image", CREATE, Project),
    ("delete_image", MEMBER, Project),
    ("get_image", SEE_IMAGE, Project),
    ("get_images", READER, Project),
    ("modify_image", MEMBER, Project),
    ("publicize_image", ADMIN, Project),
    ("communitize_image", MEMBER, Project),
    ("download_image", DOWNLOAD, Project),
    ("download_from_store", DOWNLOAD, Project),
    ("upload_image", MEMBER, Project),
    ("delete_image_location", ADMIN, Project),
    ("get_image_location", READER, Project),
    ("set_image_location", MEMBER, Project),
    ("add_image_location", ADD_LOCATION, Project),
    ("fetch_image_location", "rule:service_api", Project),
    ("add_member", MEMBER, Project),
    ("delete_member", MEMBER, Project),
    ("get_member", SEE_MEMBERS, Project),
    ("get_members", SEE_MEMBERS, Project),
    ("modify_member", ANSWER_SHARE, Project),
    ("manage_image_cache", ADMIN, Project),
    ("deactivate", MEMBER, Project),
    ("reactivate", MEMBER, Project),
    ("copy_image", ADMIN, Project),
    ("list_cached_nodes", ADMIN, Project),
    ("get_task", "rule:default", Project),
    ("get_tasks", "rule:default", Project),
    ("add_task", "rule:default", Project),
    ("modify_task", "rule:default", Project),
    ("tasks_api_access", ADMIN, Project),
    ("metadef_default", "", Any),
    ("metadef_admin", ADMIN, Any),
    ("get_metadef_namespace", SEE_METADEF, Project),
    ("get_metadef_namespaces", READER, Project),
    ("modify_metadef_namespace", METADEF_ADMIN, Project),
    ("add_metadef_namespace", METADEF_ADMIN, Project),
    ("delete_metadef_namespace", METADEF_ADMIN, Project),
    ("get_metadef_object", SEE_METADEF, Project),
    ("get_metadef_objects", SEE_METADEF, Project),
    ("modify_metadef_object", METADEF_ADMIN, Project),
    ("add_metadef_object", METADEF_ADMIN, Project),
    ("delete_metadef_object", METADEF_ADMIN, Project),
    ("list_metadef_resource_types", SEE_METADEF, Project),
    ("get_metadef_resource_type", SEE_METADEF, Project),
    ("add_metadef_resource_type_association", METADEF_ADMIN, Project),
    ("remove_metadef_resource_type_association", METADEF_ADMIN, Project),
    ("get_metadef_property", SEE_METADEF, Project),
    ("get_metadef_properties", SEE_METADEF, Project),
    ("modify_metadef_property", METADEF_ADMIN, Project),
    ("add_metadef_property", METADEF_ADMIN, Project),
    ("remove_metadef_property", METADEF_ADMIN, Project),
    ("get_metadef_tag", SEE_METADEF, Project),
    ("get_metadef_tags", SEE_METADEF, Project),
    ("modify_metadef_tag", METADEF_ADMIN, Project),
    ("add_metadef_tag", METADEF_ADMIN, Project),
    ("add_metadef_tags", METADEF_ADMIN, Project),
    ("delete_metadef_tag", METADEF_ADMIN, Project),
    ("delete_metadef_tags", METADEF_ADMIN, Project),
    ("cache_image", ADMIN, Project),
    ("cache_list", ADMIN, Project),
    ("cache_delete", ADMIN, Project),
    ("cache_clean", ADMIN, Project),
    ("cache_prune", ADMIN, Project),
    ("stores_info_detail", "rule:context_is_admin or rule:service_api", Project),
];
