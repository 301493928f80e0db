//! How the requests of a connection stand, for its clocks and its figures.

use crate::traffic::LastFigures;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// What the requests of a connection tell its clocks, and have in common.
#[derive(Debug, Clone)]
pub(crate) struct Exchange(Arc<Common>);

#[derive(Debug, Default)]
struct Common {
    /// As the log has it.
    peer: String,
    begun: AtomicUsize,
    ended: AtomicUsize,
    unread: AtomicBool,
    changed: Notify,
    figures: LastFigures,
}

impl Exchange {
    pub(crate) fn with(peer: SocketAddr) -> Self {
        Self(Arc::new(Common { peer: peer.to_string(), ..Common::default() }))
    }

    pub(crate) fn peer(&self) -> &str {
        &self.0.peer
    }

    /// A head is complete.
    pub(crate) fn begin(&self) {
        self.0.begun.fetch_add(1, Ordering::AcqRel);
        self.0.changed.notify_one();
    }

    pub(crate) fn figures(&self) -> &LastFigures {
        &self.0.figures
    }

    /// Its answer is out.
    pub(crate) fn end(&self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
        self.0.changed.notify_one();
    }

    /// The last request's body was not read to its end.
    pub(crate) fn leave_unread(&self) {
        self.0.unread.store(true, Ordering::Release);
    }

    pub(crate) fn left_unread(&self) -> bool {
        self.0.unread.load(Ordering::Acquire)
    }

    pub(crate) fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Acquire)
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.begun() != self.0.ended.load(Ordering::Acquire)
    }

    /// Waits until no request was under way for so long; `first` is how long the first one may take to come. There can be
    /// one who waits.
    pub(crate) async fn idle(&self, first: Duration, between: Duration) {
        loop {
            let limit = if self.begun() == 0 { first } else { between };
            let changed = self.0.changed.notified();
            if self.is_busy() {
                changed.await;
            } else if timeout(limit, changed).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    fn exchange() -> Exchange {
        Exchange::with(([192, 0, 2, 1], 4711).into())
    }

    const FIRST: Duration = Duration::from_secs(10);
    const BETWEEN: Duration = Duration::from_secs(75);

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_when_its_first_request_does_not_come() {
        let began = Instant::now();
        exchange().idle(FIRST, BETWEEN).await;
        assert_eq!(began.elapsed(), FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_not_idle_before_the_last_of_its_requests_has_ended() {
        let exchange = exchange();
        let began = Instant::now();
        let requests = async {
            exchange.begin();
            exchange.begin();
            tokio::time::sleep(BETWEEN * 2).await;
            exchange.end();
            tokio::time::sleep(BETWEEN * 2).await;
            exchange.end();
        };
        tokio::join!(exchange.idle(FIRST, BETWEEN), requests);
        assert_eq!(began.elapsed(), BETWEEN * 5);
    }
}
