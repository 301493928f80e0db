//! What a supervisor counts for the callers of one worker.

use casement_http::{CallerKey, Callers, Refusal, Transfer};
use std::collections::HashMap;

/// Dropped, when the worker is no more, it gives back what the worker had under way.
#[derive(Debug)]
pub(super) struct Counted {
    /// All workers of a configuration have the same ones.
    callers: Callers,
    transfers: HashMap<u64, Transfer>,
}

impl Counted {
    pub(super) fn new(callers: Callers) -> Self {
        Self { callers, transfers: HashMap::new() }
    }

    /// Why it is refused, if it is.
    pub(super) fn admit(&mut self, id: u64, caller: CallerKey, is_transfer: bool) -> Option<Refusal> {
        let admitted = self.callers.admit(caller, is_transfer);
        admitted.map(|transfer| _ = transfer.map(|transfer| self.transfers.insert(id, transfer))).err()
    }

    /// One that was refused is not there.
    pub(super) fn end(&mut self, id: u64) {
        self.transfers.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casement_http::CallerLimits;

    fn caller() -> CallerKey {
        CallerKey::Project("p".to_owned())
    }

    #[tokio::test]
    async fn workers_have_one_count_and_what_a_worker_had_ends_with_it() {
        let callers = Callers::new(CallerLimits { transfers: 2, ..CallerLimits::NONE });
        let (mut one, mut other) = (Counted::new(callers.clone()), Counted::new(callers));
        // Each worker has numbers of its own.
        assert_eq!(one.admit(1, caller(), true), None);
        assert_eq!(other.admit(1, caller(), true), None);
        let refused = Some(Refusal::Transfers { allowed: 2 });
        assert_eq!(one.admit(2, caller(), true), refused);
        // It is told of the end of one that was refused too.
        one.end(2);
        assert_eq!(other.admit(2, caller(), true), refused);
        one.end(1);
        assert_eq!(other.admit(3, caller(), true), None);
        assert_eq!(one.admit(3, caller(), true), refused);
        drop(other);
        assert_eq!(one.admit(4, caller(), true), None);
        assert_eq!(one.admit(5, caller(), true), None);
        assert_eq!(one.admit(6, caller(), true), refused);
    }
}
