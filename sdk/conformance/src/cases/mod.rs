//! The cases, a file for each group, in the order in which they are run: what a later one relies on is tested before.

mod cancel;
mod copy;
mod delete;
mod descriptor;
mod end;
mod file;
mod keys;
mod list;
mod location;
mod open;
mod parallel;
mod placement;
mod presign;
mod read;
mod sizes;
mod stat;
mod tokens;
mod write;

use crate::case::Case;

pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    let groups = [
        descriptor::CASES,
        open::CASES,
        stat::CASES,
        write::CASES,
        sizes::CASES,
        read::CASES,
        delete::CASES,
        list::CASES,
        tokens::CASES,
        copy::CASES,
        location::CASES,
        file::CASES,
        placement::CASES,
        keys::CASES,
        cancel::CASES,
        presign::CASES,
        parallel::CASES,
        end::CASES,
    ];
    groups.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let names: BTreeSet<_> = all().map(|case| case.name).collect();
        assert_eq!(names.len(), all().count());
        assert!(names.len() >= 60, "{}", names.len());
    }
}
