//! Which cases are run, and how.

use crate::{
    case::{Case, Clause, Need},
    cases,
};
use std::time::Duration;

/// Which cases are run, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Cases whose name contains one of these; all, where there are none.
    pub filters: Vec<String>,
    /// Run also what takes long: a large object, a thousand keys, a URL that has to grow old.
    pub long: bool,
    /// How long a case may take. One that takes longer has failed, and the next one is run.
    pub patience: Duration,
    /// Leave what failed cases left in the store.
    pub keep: bool,
}

impl Default for Selection {
    /// Every case that does not take long, each for at most a minute.
    fn default() -> Self {
        Self { filters: Vec::new(), long: false, patience: Duration::from_secs(60), keep: false }
    }
}

impl Selection {
    /// The same, of the cases whose name contains `filter`, and of those named before.
    #[must_use]
    pub fn only(mut self, filter: impl Into<String>) -> Self {
        self.filters.push(filter.into());
        self
    }

    pub(crate) fn cases(&self) -> impl Iterator<Item = &'static Case> {
        cases::all().filter(|case| self.takes(case.name))
    }

    fn takes(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    /// A large object takes its time on any store.
    pub(crate) fn patience_for(&self, case: &Case) -> Duration {
        const MORE: u32 = 20;
        if case.long { self.patience * MORE } else { self.patience }
    }
}

/// A case, before it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// `group::what_holds`.
    pub name: &'static str,
    /// What the contract says.
    pub clause: Clause,
    /// What a store must be able to do for it.
    pub needs: &'static [Need],
    /// Whether it is run only when asked for.
    pub long: bool,
}

/// Every case that `selection` takes, in the order in which they are run.
pub fn list(selection: &Selection) -> Vec<Listed> {
    let listed = |case: &Case| Listed { name: case.name, clause: case.clause, needs: case.needs, long: case.long };
    selection.cases().map(listed).collect()
}
