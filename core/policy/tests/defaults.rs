//! The default rules, for every role, visibility and relation of the caller to the image.
#![allow(clippy::unwrap_used)]

use casement_image::{Caller, Visibility};
use casement_policy::{Rules, Target};
use std::collections::BTreeSet;

const ROLES: [&str; 5] = ["admin", "member", "reader", "service", "none"];
const VISIBILITIES: [Visibility; 4] =
    [Visibility::Private, Visibility::Shared, Visibility::Community, Visibility::Public];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Relation {
    Owner,
    Member,
    Stranger,
}

fn caller(roles: &[&str]) -> Caller {
    Caller {
        user_id: Some("u1".to_owned()),
        project_id: Some("p1".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect::<BTreeSet<_>>(),
        ..Caller::default()
    }
}

fn target(relation: Relation, visibility: Visibility) -> Target<'static> {
    let owner = if relation == Relation::Owner { "p1" } else { "p2" };
    Target {
        project_id: Some(owner),
        owner: Some(owner),
        visibility: Some(visibility.as_str()),
        member_id: (relation == Relation::Member).then_some("p1"),
        image: None,
    }
}

/// What Glance documents, written as code instead of as a rule.
fn expected(action: &str, role: &str, relation: Relation, visibility: Visibility) -> bool {
    let (own, member) = (relation == Relation::Owner, relation == Relation::Member);
    let seen = own || member || visibility != Visibility::Private;
    match action {
        _ if role == "admin" => true,
        "add_image" | "delete_image" | "modify_image" | "upload_image" | "communitize_image" | "set_image_location"
        | "add_member" | "delete_member" | "deactivate" | "reactivate" => role == "member" && own,
        "get_image" => role == "reader" && seen,
        "download_image" | "download_from_store" => role == "member" && seen,
        "get_images" | "get_image_location" => role == "reader" && own,
        "get_member" | "get_members" => role == "reader" && (own || member),
        "modify_member" => role == "member" && member,
        "publicize_image"
        | "copy_image"
        | "delete_image_location"
        | "manage_image_cache"
        | "cache_list"
        | "cache_image"
        | "cache_delete"
        | "cache_clean"
        | "cache_prune"
        | "list_cached_nodes"
        | "tasks_api_access" => false,
        "add_image_location" => role == "service" || (role == "member" && own),
        "fetch_image_location" | "stores_info_detail" => role == "service",
        other => panic!("no expectation for {other}"),
    }
}

const ACTIONS: [&str; 32] = [
    "add_image",
    "delete_image",
    "modify_image",
    "upload_image",
    "communitize_image",
    "set_image_location",
    "add_member",
    "delete_member",
    "deactivate",
    "reactivate",
    "get_image",
    "download_image",
    "download_from_store",
    "get_images",
    "get_image_location",
    "get_member",
    "get_members",
    "modify_member",
    "publicize_image",
    "copy_image",
    "delete_image_location",
    "manage_image_cache",
    "cache_list",
    "cache_image",
    "cache_delete",
    "cache_clean",
    "cache_prune",
    "list_cached_nodes",
    "tasks_api_access",
    "add_image_location",
    "fetch_image_location",
    "stores_info_detail",
];

#[test]
fn every_default_rule_of_images_answers_as_documented() {
    let rules = Rules::defaults();
    for action in ACTIONS {
        for role in ROLES {
            for visibility in VISIBILITIES {
                for relation in [Relation::Owner, Relation::Member, Relation::Stranger] {
                    assert_eq!(
                        rules.check(action, &caller(&[role]), &target(relation, visibility)),
                        expected(action, role, relation, visibility),
                        "{action} by {role}, {relation:?}, {visibility}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_image_is_created_only_for_the_callers_own_project() {
    let rules = Rules::defaults();
    let member = caller(&["member"]);
    for (owner, allowed) in [(Some("p1"), true), (Some("p2"), false), (None, false)] {
        assert_eq!(rules.check("add_image", &member, &Target::new_image(owner, None)), allowed, "{owner:?}");
    }
    assert!(rules.check("add_image", &caller(&["admin"]), &Target::new_image(Some("p2"), None)));
}

#[test]
fn a_caller_without_a_project_does_not_own_what_has_no_owner() {
    let rules = Rules::defaults();
    let nobody = Caller { project_id: None, ..caller(&["member", "reader"]) };
    let orphan = Target { visibility: Some("private"), ..Target::default() };
    for action in ["get_image", "modify_image", "delete_image", "download_image"] {
        assert!(!rules.check(action, &nobody, &orphan), "{action}");
    }
    assert!(!rules.check("get_images", &nobody, &Target::own(&nobody)));
}

#[test]
fn metadefs_are_read_by_readers_and_written_by_admins() {
    let rules = Rules::defaults();
    let public = Target { project_id: Some("p2"), visibility: Some("public"), ..Target::default() };
    let private = Target { visibility: Some("private"), ..public };
    for (action, role, target, allowed) in [
        ("get_metadef_namespace", "reader", public, true),
        ("get_metadef_namespace", "reader", private, false),
        ("get_metadef_namespace", "member", public, false),
        ("get_metadef_objects", "reader", public, true),
        ("add_metadef_namespace", "member", private, false),
        ("add_metadef_namespace", "admin", private, true),
        ("delete_metadef_tags", "admin", private, true),
    ] {
        assert_eq!(rules.check(action, &caller(&[role]), &target), allowed, "{action} by {role}");
    }
    let reader = caller(&["reader"]);
    assert!(rules.check("get_metadef_namespaces", &reader, &Target::own(&reader)));
}

#[test]
fn tokens_of_a_system_or_a_domain_may_do_nothing_with_images() {
    let rules = Rules::defaults();
    let system = Caller { system_scope: Some("all".to_owned()), project_id: None, ..caller(&["admin"]) };
    let domain = Caller { domain_id: Some("d1".to_owned()), project_id: None, ..caller(&["admin"]) };
    for outsider in [system, domain] {
        assert!(!rules.check("get_image", &outsider, &target(Relation::Owner, Visibility::Public)));
        assert!(rules.is_admin(&outsider));
        assert!(rules.explain("get_image", &outsider, &Target::default()).unwrap().contains("not to a project"));
    }
    let in_domain = Caller { domain_id: Some("d1".to_owned()), ..caller(&["admin"]) };
    assert!(rules.check("get_image", &in_domain, &target(Relation::Owner, Visibility::Public)));
}

#[test]
fn an_action_that_does_not_exist_is_allowed_to_nobody() {
    let rules = Rules::defaults();
    assert!(!rules.check("get_imag", &caller(&["admin"]), &Target::default()));
}

#[test]
fn admins_are_told_by_the_rule_for_admins() {
    let rules = Rules::read("context_is_admin: role:root", &[]).unwrap();
    assert!(rules.is_admin(&caller(&["root"])));
    assert!(!rules.is_admin(&caller(&["admin"])));
    assert!(rules.check("publicize_image", &caller(&["root"]), &Target::default()));
}
