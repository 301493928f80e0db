//! Commits under way. One that is given up goes on to its end, because a service may carry out what was asked of it although
//! nobody waits for the answer; and what is asked of its object meanwhile waits for that end, so that what is said of the
//! object stays true.

use casement_sdk::{Error, Kind, Result, Stat, in_this_operation};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// The commits of one store. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Commits(Arc<Mutex<UnderWay>>);

#[derive(Debug, Default)]
struct UnderWay {
    begun: u64,
    /// The key of each, and what closes at its end.
    ends: HashMap<u64, (String, watch::Receiver<()>)>,
}

/// Removes a commit from those under way.
struct UntilEnd {
    commits: Commits,
    number: u64,
    _end: watch::Sender<()>,
}

impl Drop for UntilEnd {
    fn drop(&mut self) {
        self.commits.under_way().ends.remove(&self.number);
    }
}

impl Commits {
    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, key: &str) -> UntilEnd {
        let (end, ended) = watch::channel(());
        let mut under_way = self.under_way();
        under_way.begun += 1;
        let number = under_way.begun;
        under_way.ends.insert(number, (key.to_owned(), ended));
        UntilEnd { commits: self.clone(), number, _end: end }
    }

    /// Commits to its end, also when nobody waits for that any more.
    ///
    /// # Errors
    /// What the commit answers.
    pub async fn run(&self, key: &str, commit: impl Future<Output = Result<Stat>> + Send + 'static) -> Result<Stat> {
        let until_end = self.begin(key);
        let task = tokio::spawn(in_this_operation(async move {
            let answer = commit.await;
            drop(until_end);
            answer
        }));
        task.await.map_err(|error| Error::new(Kind::Internal, format!("a commit came to no end: {error}")))?
    }

    /// Waits until no commit of this object is under way.
    ///
    /// # Errors
    /// [`Kind::Timeout`] when one still is at the end of that time.
    pub async fn end(&self, key: &str, at_most: Duration) -> Result<()> {
        let ends: Vec<_> = {
            let under_way = self.under_way();
            under_way.ends.values().filter(|(found, _)| found == key).map(|(_, end)| end.clone()).collect()
        };
        let all = async {
            for mut end in ends {
                // It never says anything but that it is closed.
                end.changed().await.ok();
            }
        };
        tokio::time::timeout(at_most, all)
            .await
            .map_err(|_| Error::new(Kind::Timeout, format!("a commit of `{key}` is still under way")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::{sync::oneshot, time::timeout};

    const SHORTLY: Duration = Duration::from_millis(10);

    #[tokio::test(start_paused = true)]
    async fn a_commit_that_is_given_up_goes_on_and_is_waited_for() {
        let (commits, (go_on, wait)) = (Commits::default(), oneshot::channel());
        let commit = commits.run("x", async move {
            wait.await.unwrap();
            Ok(Stat::of_size(1))
        });
        timeout(SHORTLY, commit).await.unwrap_err();
        assert_eq!(commits.end("x", SHORTLY).await.unwrap_err().kind(), Kind::Timeout);
        commits.end("y", SHORTLY).await.unwrap();
        go_on.send(()).unwrap();
        commits.end("x", SHORTLY).await.unwrap();
        assert!(commits.under_way().ends.is_empty());
    }

    #[tokio::test]
    async fn a_commit_answers() {
        let answer = Commits::default().run("x", async { Ok(Stat::of_size(1)) }).await;
        assert_eq!(answer.unwrap().size, 1);
    }
}
