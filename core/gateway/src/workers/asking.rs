//! A worker's callers, whom its supervisor counts for all workers.

use super::protocol::Word;
use casement_http::{CallerKey, Limiter, Refusal, Transfer};
use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout},
};
use tracing::warn;

/// How long an answer is waited for. Whoever gets none is let through: a limit is no lock.
const PATIENCE: Duration = Duration::from_secs(1);
/// Questions that are not answered yet; further ones are not put before that.
const MOST_OPEN: usize = 1024;
/// How often the log is told that no answers come.
const COMPLAINTS: Duration = Duration::from_secs(60);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Asking(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Bounded by the open questions, and by the transfers that were asked for.
    words: mpsc::UnboundedSender<Word>,
    next: AtomicU64,
    may_ask: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Open>>,
    complained: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Open {
    answer: oneshot::Sender<Option<Refusal>>,
    _permit: OwnedSemaphorePermit,
}

impl Asking {
    /// What is to be said to the supervisor goes to `tell`, on a thread of its own: the line may be full.
    pub(super) fn start(tell: impl Fn(&Word) + Send + 'static) -> io::Result<Self> {
        let (asking, mut words) = Self::new();
        thread::Builder::new().name("casement-asking".to_owned()).spawn(move || {
            while let Some(word) = words.blocking_recv() {
                tell(&word);
            }
        })?;
        Ok(asking)
    }

    fn new() -> (Self, mpsc::UnboundedReceiver<Word>) {
        let (words, receiver) = mpsc::unbounded_channel();
        let asking = Inner {
            words,
            next: AtomicU64::new(0),
            may_ask: Arc::new(Semaphore::new(MOST_OPEN)),
            open: Mutex::default(),
            complained: Mutex::default(),
        };
        (Self(Arc::new(asking)), receiver)
    }

    /// The supervisor's answer.
    pub(super) fn hear(&self, id: u64, refusal: Option<Refusal>) {
        let open = lock(&self.0.open).remove(&id);
        // Whoever has asked may have gone.
        open.map(|open| open.answer.send(refusal));
    }

    async fn ask(&self, caller: CallerKey, is_transfer: bool) -> Result<Option<Transfer>, Refusal> {
        // It is told of its end in any case: nobody knows whether a question without an answer was heard.
        let mut transfer = None;
        let answered = timeout(PATIENCE, async {
            let permit = self.0.may_ask.clone().acquire_owned().await.ok()?;
            let id = self.0.next.fetch_add(1, Ordering::Relaxed);
            let (sender, answer) = oneshot::channel();
            lock(&self.0.open).insert(id, Open { answer: sender, _permit: permit });
            self.say(Word::Admit { id, caller, is_transfer });
            let asking = self.clone();
            transfer = is_transfer.then(|| Transfer::new(move || asking.say(Word::TransferEnded(id))));
            answer.await.ok()
        });
        match answered.await {
            Ok(Some(None)) => Ok(transfer),
            Ok(Some(Some(refusal))) => Err(refusal),
            Ok(None) | Err(_) => {
                self.complain();
                Ok(transfer)
            }
        }
    }

    /// One that is no more hears nothing; this worker ends then.
    fn say(&self, word: Word) {
        self.0.words.send(word).ok();
    }

    fn complain(&self) {
        let mut complained = lock(&self.0.complained);
        if complained.is_none_or(|last| last.elapsed() >= COMPLAINTS) {
            *complained = Some(Instant::now());
            let patience = PATIENCE.as_secs();
            warn!("the supervisor does not answer within {patience} s: server.caller_limits do not hold meanwhile");
        }
    }
}

impl Limiter for Asking {
    fn admit(&self, caller: CallerKey, is_transfer: bool) -> BoxFuture<'_, Result<Option<Transfer>, Refusal>> {
        Box::pin(self.ask(caller, is_transfer))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::{FutureExt, future::join_all};

    fn caller() -> CallerKey {
        CallerKey::Project("p".to_owned())
    }

    /// The question that was put, by its number.
    fn asked(words: &mut mpsc::UnboundedReceiver<Word>) -> u64 {
        match words.try_recv().unwrap() {
            Word::Admit { id, .. } => id,
            word => panic!("{word:?}"),
        }
    }

    fn ended(words: &mut mpsc::UnboundedReceiver<Word>) -> u64 {
        match words.try_recv().unwrap() {
            Word::TransferEnded(id) => id,
            word => panic!("{word:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_not_answered_in_time_is_let_through_and_its_transfer_is_told_of() {
        let (asking, mut words) = Asking::new();
        let began = Instant::now();
        let transfer = asking.ask(caller(), true).await.unwrap();
        assert_eq!(began.elapsed(), PATIENCE);
        let id = asked(&mut words);
        // Too late.
        asking.hear(id, None);
        assert!(words.try_recv().is_err());
        drop(transfer);
        assert_eq!(ended(&mut words), id);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_goes_before_the_answer_leaves_no_transfer() {
        let (asking, mut words) = Asking::new();
        let mut admitted = Box::pin(asking.ask(caller(), true));
        assert!(admitted.as_mut().now_or_never().is_none());
        let id = asked(&mut words);
        drop(admitted);
        assert_eq!(ended(&mut words), id);
    }

    #[tokio::test(start_paused = true)]
    async fn each_gets_the_answer_to_its_own_question() {
        let (asking, mut words) = Asking::new();
        let refusal = Refusal::Transfers { allowed: 1 };
        let (first, second, ()) = tokio::join!(asking.ask(caller(), true), asking.ask(caller(), false), async {
            let (first, second) = (asked(&mut words), asked(&mut words));
            asking.hear(second, None);
            asking.hear(first, Some(refusal.clone()));
        });
        assert_eq!(first.unwrap_err(), refusal);
        assert!(second.unwrap().is_none(), "it was no transfer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_supervisor_that_does_not_answer_is_asked_no_more_than_so_often() {
        let (asking, mut words) = Asking::new();
        let crowd = join_all((0..MOST_OPEN + 10).map(|_| asking.ask(caller(), true)));
        assert!(crowd.await.into_iter().all(|admitted| admitted.is_ok()));
        let ids: Vec<_> = (0..MOST_OPEN).map(|_| asked(&mut words)).collect();
        // One end for each question, and no question more.
        for _ in 0..MOST_OPEN {
            ended(&mut words);
        }
        assert!(words.try_recv().is_err());
        // Answers make room again.
        ids.into_iter().for_each(|id| asking.hear(id, None));
        asking.ask(caller(), false).now_or_never();
        asked(&mut words);
    }
}
