//! Writing: one object where the data fits into a segment, else segments and a manifest that publishes them.

use crate::{
    account::{Account, Content},
    manifest::{Entry, fitting},
    names::Stage,
};
use casement_object::{Part, PartSizes, Parts, Uploader};
use casement_sdk::{Bytes, Error, Kind, Result, Stat, WriteOptions, in_this_operation};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{mem, sync::Arc, time::Duration};
use tokio::{runtime::Handle, time::timeout};

/// A transfer holds so many segments in memory.
const SEGMENTS_IN_MEMORY: u64 = 3;
/// Manifests on their way at the same time: the server has a lot to do for each.
const MANIFESTS_AT_ONCE: usize = 4;

/// How long a failed commit may go on removing what it has stored.
const CLEANING: Duration = Duration::from_secs(5);
const LEFT: &str = "what was staged is not removed; recovery will do it";

/// A staged write.
#[derive(Debug)]
pub struct Writer {
    account: Arc<Account>,
    stage: Stage,
    token: String,
    sizes: PartSizes,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing is stored yet but the mark.
    Small(Part),
    Large(Uploader<Segments>),
    /// There may be something to remove.
    Failed,
    /// There is nothing to remove.
    Ended,
}

/// Where segments go.
#[derive(Debug)]
struct Segments {
    account: Arc<Account>,
    stage: Stage,
}

impl Parts for Segments {
    type Receipt = Entry;

    async fn send(&self, number: u32, part: Part) -> Result<Entry> {
        self.account.ensure_segments(&self.stage.place).await?;
        self.account.put_aside(&self.stage.segment(number), &Content::data(part).await?).await
    }
}

impl Writer {
    pub(crate) async fn open(account: Arc<Account>, key: &str, options: WriteOptions) -> Result<Self> {
        let stage = Stage::new(account.names.for_writing(key)?, &options.transfer)?;
        let size = account.segment_size;
        let sizes = PartSizes::new(options.size, size, 2 * size, account.limits.most_segments())?;
        account.ensure(&stage.place).await?;
        if account.look_for(&stage.place).await?.is_some() {
            return Err(Error::exists(key));
        }
        // Dropped from here on, it removes its mark.
        let writer = Self { token: stage.token(), account, stage, sizes, state: State::Small(Part::default()) };
        writer.account.mark(&writer.stage).await?;
        Ok(writer)
    }

    async fn begin_segments(&mut self, part: Part) -> Result<()> {
        if self.account.limits.segments.is_none() {
            let limit = self.sizes.first();
            return Err(Error::new(
                Kind::NoSpace,
                format!("this Swift has no static large objects, so no object can be larger than {limit} bytes"),
            ));
        }
        self.state = State::Failed;
        self.account.ensure_segments(&self.stage.place).await?;
        let segments = Segments { account: self.account.clone(), stage: self.stage.clone() };
        let budget = SEGMENTS_IN_MEMORY * self.account.segment_size;
        let mut uploader = Uploader::new(Arc::new(segments), self.sizes, budget, self.account.patience);
        for chunk in part.into_chunks() {
            uploader.write(chunk).await?;
        }
        self.state = State::Large(uploader);
        Ok(())
    }

    async fn finish(&mut self) -> Result<Stat> {
        let entries = match mem::replace(&mut self.state, State::Failed) {
            State::Small(part) => {
                let content = Content::data(part).await?;
                return self.account.publish(&self.stage, &content).await;
            }
            State::Large(uploader) => uploader.finish().await?,
            State::Failed | State::Ended => return Err(over()),
        };
        self.account.publish_segments(&self.stage, entries).await
    }

    /// It only says that there may be something to remove: whoever finds it looks.
    async fn unmark(&mut self) {
        self.state = State::Ended;
        if let Err(error) = self.account.unmark(&self.stage).await {
            tracing::debug!(%error, "the mark of a published object is left; recovery will remove it");
        }
    }
}

fn over() -> Error {
    Error::new(Kind::Misuse, "the write has failed: it can only be aborted")
}

/// Removes what was staged.
async fn clean_up(account: Arc<Account>, stage: Stage, state: State) -> Result<()> {
    match state {
        State::Ended => return Ok(()),
        State::Large(uploader) => uploader.stop().await,
        State::Small(_) => return account.let_go(&stage).await,
        State::Failed => {}
    }
    match account.discard_stage(&stage).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        answer => answer,
    }
}

impl casement_sdk::Writer for Writer {
    fn token(&self) -> &str {
        &self.token
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        match &mut self.state {
            State::Small(part) if part.len() + chunk.len() as u64 <= self.sizes.first() => {
                part.push(chunk);
                return Ok(());
            }
            State::Small(part) => {
                let part = mem::take(part);
                self.begin_segments(part).await?;
            }
            State::Large(_) | State::Failed | State::Ended => {}
        }
        match &mut self.state {
            State::Large(uploader) => uploader.write(chunk).await,
            _ => Err(over()),
        }
    }

    async fn commit(self) -> Result<Stat> {
        let (commits, key) = (self.account.commits.clone(), self.account.names.key_of(&self.stage.place));
        commits.run(&key, self.commit_whole()).await
    }

    async fn abort(mut self) -> Result<()> {
        let state = mem::replace(&mut self.state, State::Ended);
        clean_up(self.account.clone(), self.stage.clone(), state).await
    }
}

impl Writer {
    async fn commit_whole(mut self) -> Result<Stat> {
        match self.finish().await {
            Ok(stat) => {
                self.unmark().await;
                Ok(stat)
            }
            Err(error) => {
                // Who commits does not abort any more, and need not wait for long to be told.
                match timeout(CLEANING, casement_sdk::Writer::abort(self)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(left)) => tracing::warn!(error = %left, "{LEFT}"),
                    Err(_) => tracing::warn!("{LEFT}"),
                }
                Err(error)
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let state = mem::replace(&mut self.state, State::Ended);
        if matches!(state, State::Ended) {
            return;
        }
        let (account, stage) = (self.account.clone(), self.stage.clone());
        // Without a runtime there is nothing to remove it with: recovery finds the mark.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(in_this_operation(async move {
                if let Err(error) = clean_up(account, stage, state).await {
                    tracing::warn!(%error, "{LEFT}");
                }
            }));
        }
    }
}

impl Account {
    /// Puts the manifest of segments, and before it manifests of a part of them each where there are too many for one.
    pub(crate) async fn publish_segments(&self, stage: &Stage, segments: Vec<Entry>) -> Result<Stat> {
        let most = self.limits.segments.unwrap_or(1);
        let fitting = fitting(&segments, most, self.limits.manifest);
        let entries = if segments.len() <= fitting {
            segments
        } else {
            let parts = segments.chunks(fitting).enumerate();
            let parts = parts.map(|(number, part)| Ok((stage.part(number), Content::manifest(part)?)));
            let puts = parts.collect::<Result<Vec<_>>>()?.into_iter().map(|(place, content)| async move {
                let put = || self.put_aside(&place, &content);
                self.patience.attempt("writing a manifest", put).await
            });
            stream::iter(puts).buffered(MANIFESTS_AT_ONCE).try_collect().await?
        };
        self.publish(stage, &Content::manifest(&entries)?).await
    }
}
