//! What is staged: segments that no manifest names yet, and a mark that says so.
//!
//! The mark is there from the beginning of a write until it is published, or its last segment is gone. So the marks are all
//! that recovery has to look at, however many images there are. A large object that is deleted gets a mark
//! too: what a crash leaves of its segments is staged data like any other.

use crate::{
    account::{Account, is_of},
    answer,
    client::{Call, escaped},
    delete::segments_of,
    listing::Wanted,
    names::{Place, STAGED, Stage},
};
use casement_sdk::{Error, Kind, Result, Staged};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName},
};
use time::OffsetDateTime;

/// Requests on their way at the same time.
pub(crate) const AT_ONCE: usize = 16;
/// Segments in a row that may have been on their way when the process died.
const UNDER_WAY: usize = 8;
/// On the mark of a deletion: the container and the prefix of the segments that go with the object.
const SEGMENTS: HeaderName = HeaderName::from_static("x-object-meta-casement-segments");

fn nothing_staged(token: &str) -> Error {
    Error::new(Kind::NotFound, format!("nothing is staged as `{token}`"))
}

impl Account {
    /// Sets the mark of a write.
    pub(crate) async fn mark(&self, stage: &Stage) -> Result<()> {
        self.set_mark(Call::new(Method::PUT, &stage.mark(&self.names), "marking what is staged")).await
    }

    /// Sets the mark of a deletion, by which `segments` are found when the object is gone.
    pub(crate) async fn mark_deletion(&self, stage: &Stage, segments: &str) -> Result<()> {
        let call = Call::new(Method::PUT, &stage.mark(&self.names), "marking what is deleted");
        self.set_mark(call.header(SEGMENTS, &escaped(segments).to_string())).await
    }

    async fn set_mark(&self, call: Call) -> Result<()> {
        self.ensure_marks().await?;
        let put = || async { self.client.send(&call).await?.successful().map(drop) };
        self.patience.attempt("marking", put).await
    }

    pub(crate) async fn unmark(&self, stage: &Stage) -> Result<()> {
        self.remove_one(&stage.mark(&self.names)).await
    }

    /// Removes what a token names.
    pub(crate) async fn discard(&self, token: &str) -> Result<()> {
        let stage = Stage::parse(token).ok_or_else(|| nothing_staged(token))?;
        self.committed(&stage.place).await?;
        self.discard_stage(&stage).await
    }

    /// The same for whoever has the write in hand, its commit perhaps.
    pub(crate) async fn discard_stage(&self, stage: &Stage) -> Result<()> {
        let nothing = || nothing_staged(&stage.token());
        let Some(mark) = self.look_for(&stage.mark(&self.names)).await? else { return Err(nothing()) };
        let object = self.look_for(&stage.place).await?;
        if let Some(segments) = answer::text(&mark, &SEGMENTS) {
            let segments = percent_decode_str(segments).decode_utf8_lossy();
            let is_there = object.and_then(|object| segments_of(&object, &stage.place));
            if is_there.as_deref() != Some(&*segments) {
                self.remove_segments(&stage.place, &segments).await?;
            }
            return self.let_go(stage).await;
        }
        if object.is_some_and(|object| is_of(&object, &stage.transfer)) {
            self.unmark(stage).await?;
            return Err(nothing());
        }
        self.clear(stage).await?;
        // A commit that was under way meanwhile has published what is no more.
        if self.look_for(&stage.place).await?.is_some_and(|object| is_of(&object, &stage.transfer)) {
            self.remove_one(&stage.place).await?;
        }
        self.let_go(stage).await
    }

    /// The end of what was staged and is no more.
    pub(crate) async fn let_go(&self, stage: &Stage) -> Result<()> {
        self.drop_own_containers(&stage.place).await?;
        self.unmark(stage).await
    }

    /// What is in a place.
    pub(crate) async fn look_for(&self, place: &Place) -> Result<Option<HeaderMap>> {
        let call = Call::new(Method::HEAD, place, format!("looking at `{}`", place.object));
        let answer = self.client.send(&call).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => Ok(Some(answer.successful()?.headers().clone())),
        }
    }

    /// Removes all that a write has staged, also what is still on its way: that is older than its removal, and so comes too
    /// late.
    pub(crate) async fn clear(&self, stage: &Stage) -> Result<()> {
        let (container, prefix) = (stage.place.segments(), stage.prefix());
        let mut arrived = 0;
        let mut pages = self.pages(&container, &prefix, "");
        while let Some(page) = pages.next().await? {
            let mut places = Vec::new();
            for object in page.objects {
                let rest = object.name.strip_prefix(&prefix).unwrap_or_default();
                if let Ok(number) = rest.parse::<u32>() {
                    places.extend((arrived..number.saturating_sub(1)).take(UNDER_WAY).map(|late| stage.segment(late)));
                    arrived = number;
                }
                // The keys of others may go on where this one ends.
                if !rest.is_empty() && !rest.contains('/') {
                    places.push(container.beside(object.name));
                }
            }
            self.remove_all(places).await?;
        }
        self.remove_all((arrived..).take(UNDER_WAY).map(|late| stage.segment(late))).await
    }

    pub(crate) async fn remove_all(&self, places: impl IntoIterator<Item = Place>) -> Result<()> {
        let removals = places.into_iter().map(|place| async move { self.remove_one(&place).await });
        stream::iter(removals).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// What is not there is as good as removed.
    pub(crate) async fn remove_one(&self, place: &Place) -> Result<()> {
        let call = Call::new(Method::DELETE, place, format!("removing `{}`", place.object));
        let remove = || async {
            let answer = self.client.send(&call).await?;
            if answer.status() == StatusCode::NOT_FOUND { Ok(()) } else { answer.successful().map(drop) }
        };
        self.patience.attempt("removing", remove).await
    }

    pub(crate) async fn list_staged(&self) -> Result<Vec<Staged>> {
        let mut found = Vec::new();
        let marks = self.names.marks();
        let mut pages = self.pages(&marks, STAGED, "");
        while let Some(page) = pages.next().await? {
            let marks = page.objects.iter().filter_map(|mark| {
                let stage = Stage::parse(mark.name.strip_prefix(STAGED)?)?;
                Some(self.standing(stage, mark.modified(), page.at))
            });
            let page: Vec<_> = stream::iter(marks.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
            found.extend(page.into_iter().flatten());
        }
        Ok(found)
    }

    /// `None` for what is published: only its mark was left behind.
    async fn standing(
        &self,
        stage: Stage,
        marked: Option<OffsetDateTime>,
        at: Option<OffsetDateTime>,
    ) -> Result<Option<Staged>> {
        if self.look_for(&stage.place).await?.is_some_and(|object| is_of(&object, &stage.transfer)) {
            self.unmark(&stage).await?;
            return Ok(None);
        }
        // They come to be in the order of their names, but for those that are on their way together.
        let last = Wanted { prefix: stage.prefix(), last: Some(16), ..Wanted::default() };
        let segments = self.page(&stage.place.segments(), &last).await?.objects;
        let youngest = segments.iter().filter_map(|segment| segment.modified()).chain(marked).max();
        let idle = at.zip(youngest).map(|(at, youngest)| (at - youngest).whole_milliseconds());
        let idle_ms = idle.map(|idle| u64::try_from(idle).unwrap_or(0));
        Ok(Some(Staged { token: stage.token(), idle_ms }))
    }
}
