//! Looking at the data of a location: its digests, and whether it could do harm.

use crate::{Error, Kind, Service, locations::Examined, upload::judge};
use bytes::Bytes;
use casement_catalog::Findings;
use casement_image::{Image, Location, location_import::WantedImport};
use casement_stores::{
    Error as StoreError, Kind as StoreKind, Multihash, Result as StoreResult, Side,
    ingest::{Ingest, IngestError, Ingested},
    serve::{ByteStream, Copy, serve},
};
use futures_util::{Stream, StreamExt, stream};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The pause before the second try; it doubles with each further one, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Data has this long to come, and a second more for each of so many bytes: whoever lets it trickle keeps others from
/// being looked at.
const PATIENCE: Duration = Duration::from_secs(120);
const LEAST_RATE: u64 = 1 << 20;

/// Why a location is not taken. No later try will help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) message: String,
    /// Whoever opens the data may come to harm.
    pub(super) harmful: bool,
}

impl Refused {
    pub(super) fn of(message: impl Into<String>) -> Self {
        Self { message: message.into(), harmful: false }
    }
}

impl Service {
    /// As [`Service::examine`], again and again.
    pub(super) async fn examine_patiently(&self, image: &Image, location: Location) -> Result<Examined, Refused> {
        let mut pause = FIRST_PAUSE;
        for tries_left in (0..self.settings().location_tries.max(1)).rev() {
            match self.examine(image, location.clone()).await {
                Ok(found) => return Ok(found),
                Err(error) if tries_left == 0 || error.kind == Kind::LimitExceeded => {
                    return Err(Refused::of(error.to_string()));
                }
                Err(error) => tracing::debug!(image = image.id.as_str(), %error, "a location is tried again"),
            }
            sleep(pause).await;
            pause = longer(pause);
        }
        Err(Refused::of("The location was not tried."))
    }

    /// What the data of an image at its location is; `None` where nobody wants to know.
    pub(super) async fn hash(&self, image: &Image, wanted: &WantedImport<'_>) -> Result<Option<Findings>, Refused> {
        let algorithm = image.os_hash_algo.as_deref().filter(|_| image.os_hash_value.is_none());
        let Some(algorithm) = algorithm else { return Ok(None) };
        let multihash = algorithm.parse().map_err(Refused::of)?;
        let found = self.measure_patiently(image, multihash).await?;
        if let Some(said) = wanted.said.map(|said| said.value)
            && !said.eq_ignore_ascii_case(&found.os_hash_value)
        {
            let message =
                format!("os_hash_value: ({said}) not matched with actual os_hash_value: ({})", found.os_hash_value);
            return Err(Refused::of(message));
        }
        let verdict = match &found.inspection {
            Some(inspection) => judge::judge_location(image, inspection, &self.settings().formats)
                .map_err(|error| Refused { message: error.message, harmful: true })?,
            None => casement_inspect::Verdict::default(),
        };
        let Ingested { checksum, os_hash_value, .. } = found;
        Ok(Some(Findings { checksum, os_hash_value, virtual_size: verdict.virtual_size }))
    }

    async fn measure_patiently(&self, image: &Image, multihash: Multihash) -> Result<Ingested, Refused> {
        let mut pause = FIRST_PAUSE;
        let mut failure = Refused::of("The location was not tried.");
        for tries_left in (0..self.settings().location_tries.max(1)).rev() {
            match self.measure(image, multihash).await {
                Ok(found) => return Ok(found),
                Err(error) => {
                    tracing::debug!(image = image.id.as_str(), %error, tries_left, "the data of a location can't be read");
                    failure = Refused::of(format!("The data at the location can't be read: {error}"));
                }
            }
            if tries_left > 0 {
                sleep(pause).await;
                pause = longer(pause);
            }
        }
        Err(failure)
    }

    async fn measure(&self, image: &Image, multihash: Multihash) -> Result<Ingested, Error> {
        let size = image.size.unwrap_or_default();
        let location = image.locations.first().ok_or_else(|| Error::shortly("the image has no location"))?;
        let (store, _) = self.locate(location).await.ok_or_else(|| Error::shortly("no store knows the location"))?;
        let store_id = store.id().to_owned();
        let ingest = Ingest {
            digests: &self.parts().digests,
            multihash,
            legacy_md5: self.settings().legacy_md5,
            at_most: size,
            inspector: judge::inspector(image),
        };
        let copy = Copy { store, location: location.url.clone() };
        let data = punctual(serve(vec![copy], 0, size).await?, &store_id);
        ingest.measure(data, &store_id).await.map_err(|error| match error {
            IngestError::Store(error) => error.into(),
            IngestError::TooLong(_) | IngestError::Body(_) => Error::shortly("it is not as long as its store says"),
        })
    }
}

fn longer(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(LONGEST_PAUSE)
}

/// The data, for as long as it comes fast enough. How much there will be is not taken on trust: a server that promises
/// much would be waited for as long.
fn punctual(data: ByteStream, store: &str) -> impl Stream<Item = StoreResult<Bytes>> + Send {
    let (begun, store) = (Instant::now(), store.to_owned());
    stream::unfold((data, 0), move |(mut data, received)| {
        let deadline = begun + PATIENCE + Duration::from_secs(received / LEAST_RATE);
        let store = store.clone();
        async move {
            let chunk = match timeout_at(deadline, data.next()).await {
                Ok(chunk) => chunk?,
                Err(_) => Err(StoreError::new(&store, Side::Store, StoreKind::Timeout, "the data comes too slowly")),
            };
            let received = received + chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
            Some((chunk, (data, received)))
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::TryStreamExt;

    fn every(pause: Duration, chunk: &'static [u8], chunks: usize) -> ByteStream {
        let data = stream::unfold(0, move |sent| {
            let pause = Box::pin(sleep(pause));
            async move {
                pause.await;
                (sent < chunks).then(|| (Ok(Bytes::from_static(chunk)), sent + 1))
            }
        });
        Box::pin(data)
    }

    #[tokio::test(start_paused = true)]
    async fn data_is_waited_for_by_what_has_come_and_not_by_what_was_promised() {
        let begun = Instant::now();
        let trickle = punctual(every(Duration::from_secs(10), b"x", usize::MAX), "web");
        let refused = trickle.try_for_each(async |_| Ok(())).await.unwrap_err();
        assert_eq!((refused.kind, begun.elapsed()), (StoreKind::Timeout, PATIENCE));

        static CHUNK: [u8; 2 << 20] = [0; 2 << 20];
        let slow = punctual(every(Duration::from_secs(2), &CHUNK, 200), "web");
        let received = slow.try_fold(0, async |sum, chunk| Ok(sum + chunk.len())).await.unwrap();
        assert_eq!(received, 400 << 20);
    }

    #[test]
    fn pauses_grow_to_a_minute_however_often_is_tried() {
        let pauses: Vec<_> = std::iter::successors(Some(FIRST_PAUSE), |pause| Some(longer(*pause))).take(100).collect();
        assert_eq!(pauses[..3], [1, 2, 4].map(Duration::from_secs));
        assert_eq!(pauses[6..], [LONGEST_PAUSE; 94]);
    }
}
