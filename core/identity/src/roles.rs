//! Role names and what they imply.

use casement_image::Caller;
use std::collections::BTreeSet;

pub(crate) const ADMIN: &str = "admin";

/// Keystone's own chain: each role implies the next.
const IMPLIED: [&str; 4] = [ADMIN, "manager", "member", "reader"];

/// Lower-cased, with the implied ones.
pub(crate) fn expand(roles: &[String]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = roles.iter().map(|role| role.to_lowercase()).collect();
    if let Some(highest) = IMPLIED.iter().position(|role| all.contains(*role)) {
        all.extend(IMPLIED[highest..].iter().map(|role| (*role).to_owned()));
    }
    all
}

pub(crate) fn caller(user_id: Option<String>, project_id: Option<String>, roles: &[String]) -> Caller {
    Caller { project_id, ..caller_with(user_id, expand(roles)) }
}

/// A caller of no project, with exactly these roles.
pub(crate) fn caller_with(user_id: Option<String>, roles: BTreeSet<String>) -> Caller {
    Caller { user_id, is_admin: roles.contains(ADMIN), roles, ..Caller::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_brings_those_below_it_and_none_above() {
        for (given, want) in [
            (vec!["Admin"], vec!["admin", "manager", "member", "reader"]),
            (vec!["manager"], vec!["manager", "member", "reader"]),
            (vec!["reader", "MEMBER"], vec!["member", "reader"]),
            (vec!["reader"], vec!["reader"]),
            (vec!["service"], vec!["service"]),
            (vec![], vec![]),
        ] {
            let given: Vec<String> = given.into_iter().map(str::to_owned).collect();
            assert_eq!(expand(&given).into_iter().collect::<Vec<_>>(), want, "{given:?}");
        }
    }
}
