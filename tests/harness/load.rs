use crate::{Gateway, Pattern};
use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
};

const CLIENTS: u64 = 3;
const SIZE: u64 = 300_000;

/// Ends the clients, also when the work fails.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Gateway {
    /// Has clients upload, download and delete while `work` goes on, and holds that no request fails.
    pub fn under_load(&self, work: impl FnOnce()) {
        let (done, rounds) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for seed in 0..CLIENTS {
                let (done, rounds) = (&done, &rounds);
                scope.spawn(move || {
                    let data = Pattern::new(seed, SIZE).bytes();
                    let member = self.member();
                    while !done.load(Ordering::Relaxed) {
                        let id = member.create_active("n", &data);
                        assert!(member.download(&id).expect(200).body == data);
                        member.delete(&format!("/v2/images/{id}")).expect(204);
                        rounds.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let _done = Done(&done);
            work();
        });
        assert!(rounds.into_inner() >= 3);
        self.assert_settled();
    }
}
