//! Who may see which images.

use super::index;
use crate::sqlite::Sql;
use casement_image::{Caller, ListQuery, MemberFilter, SortKey, Visibility, VisibilityFilter};

/// Asks of each image whether the caller may see it. One without an owner is for everyone who knows its id, but in nobody's list.
pub(super) fn visible(sql: &mut Sql, query: &ListQuery, caller: &Caller) {
    if caller.is_admin {
        return;
    }
    sql.push(" AND (i.visibility = 'public'");
    if query.visibility != VisibilityFilter::Default {
        sql.push(" OR i.visibility = 'community'");
    }
    if let Some(project) = &caller.project_id {
        sql.push(" OR i.owner = ").push_bind(project.clone());
        sql.push(" OR (i.visibility = 'shared' AND EXISTS (SELECT 1");
        memberships(sql, query, project);
        sql.push(" AND m.image_id = i.id))");
    }
    sql.push(")");
}

/// `images i`: those that the project may see. SQLite puts the conditions and the order of the page into each part, and merges
/// the parts until the page is full: their indexes have the order of the default list, and only what is shared is sorted.
pub(crate) fn seen(sql: &mut Sql, query: &ListQuery, project: &str) {
    let asks_for = |visibility| match query.visibility {
        VisibilityFilter::Default => visibility != Visibility::Community,
        VisibilityFilter::All => true,
        VisibilityFilter::Only(only) => visibility == only,
        VisibilityFilter::Nothing => false,
    };
    sql.push("(SELECT rowid, * FROM images INDEXED BY casement_images_of_owner_idx WHERE owner = ")
        .push_bind(project.to_owned());
    let others = |sql: &mut Sql, index, visibility: Visibility| {
        sql.push(" UNION ALL SELECT rowid, * FROM images INDEXED BY ").push(index).push(" WHERE visibility = '");
        sql.push(visibility.as_str()).push("' AND owner IS NOT ").push_bind(project.to_owned());
    };
    for visibility in [Visibility::Public, Visibility::Community].into_iter().filter(|visibility| asks_for(*visibility))
    {
        others(sql, "casement_images_by_visibility_idx", visibility);
    }
    if asks_for(Visibility::Shared) {
        // Most shared images are shared with nobody, so these are found by their ids.
        others(sql, index(SortKey::Id), Visibility::Shared);
        sql.push(" AND id IN (SELECT m.image_id");
        memberships(sql, query, project);
        sql.push(")");
    }
    sql.push(") i");
}

fn memberships(sql: &mut Sql, query: &ListQuery, project: &str) {
    sql.push(" FROM image_members m WHERE NOT m.deleted AND m.member = ").push_bind(project.to_owned());
    let status = match query.member_status {
        MemberFilter::Accepted => "accepted",
        MemberFilter::Pending => "pending",
        MemberFilter::Rejected => "rejected",
        MemberFilter::All => return,
    };
    sql.push(" AND m.status = ").push_bind(status);
}

/// Those of the visibility that is asked for.
pub(super) fn asked_for(sql: &mut Sql, query: &ListQuery, caller: &Caller) {
    match query.visibility {
        VisibilityFilter::Only(visibility) => {
            sql.push(" AND i.visibility = ").push_bind(visibility.as_str());
        }
        // Everybody's community images would drown the caller's own in a list that did not ask for them.
        VisibilityFilter::Default if caller.is_admin => {
            sql.push(" AND (i.visibility <> ").push_bind(Visibility::Community.as_str());
            if let Some(project) = &caller.project_id {
                sql.push(" OR i.owner = ").push_bind(project.clone());
            }
            sql.push(")");
        }
        VisibilityFilter::Default | VisibilityFilter::All | VisibilityFilter::Nothing => {}
    }
}
