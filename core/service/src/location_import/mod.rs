//! A location that is given to a queued image: taken at once, looked at in the background. What dies in between is
//! taken up again, because the catalog knows of it.

mod hash;
mod running;
#[cfg(test)]
mod tests;

pub(crate) use running::Imports;

use crate::{
    Error, Kind, Result, Service, Side,
    access::{no_image_with_id, refuse_read_only},
    recover::Claim,
};
use casement_catalog::{Begin, Error as Failure, ImportEnd, Kind as Catalog, NewTransfer, Placed, Transfer};
use casement_image::{
    Caller, Image, ImageId, Location, Status, Task, TaskStatus, location_import::WantedImport, locations,
    task::LOCATION_IMPORT,
};
use casement_request::{RequestId, for_this_request};
use futures_util::FutureExt;
use hash::Refused;
use serde_json::Value;
use std::{panic::AssertUnwindSafe, sync::Arc};
use time::OffsetDateTime;

impl Service {
    /// Takes a location for a queued image. What comes of it tells the image, and its task.
    ///
    /// # Errors
    /// See `POST /v2/images/{id}/locations`.
    pub async fn add_location(&self, caller: &Caller, id: &str, body: &Value, request_id: Option<&str>) -> Result<()> {
        refuse_read_only(caller)?;
        let wanted = WantedImport::parse(body)?;
        let missing = no_image_with_id(id);
        let found = self.look_up(caller, id, &missing).await?;
        let image = &found.image;
        refuse_unless_queued(image.status)?;
        self.permit("add_image_location", caller, &found, missing)?;
        self.refuse_other_than_http(caller, wanted.url)?;
        wanted.check_digest()?;
        let task = task_of(caller, image, &wanted, request_id);
        if locations::check_scheme(wanted.url).is_ok() && !self.may_be_contacted(wanted.url).await? {
            let message = format!("URI for add location does not pass filtering: {}", wanted.url);
            return Err(Error::new(Kind::Invalid, Side::Client, message));
        }
        let (store, key) = match self.store_for_location(&image.id, wanted.url).await {
            Ok(found) => found,
            Err(refused) => {
                // Glance would take it, and have its task fail; whoever looks for that finds it.
                self.catalog().add_failed_task(&task, &refused.message, OffsetDateTime::now_utc()).await?;
                return Err(refused);
            }
        };
        self.settings().quotas.check_locations(1)?;
        image.check_transition(Status::Importing)?;
        // In hand before the catalog has it, so that maintenance never takes it for dropped.
        let claim = self.claim(&task.id).ok_or_else(|| Error::shortly("Try again."))?;
        let new = NewTransfer { id: task.id.clone(), ..self.removal(&image.id, store.id().to_owned(), key) };
        self.open_import(&new, &task).await?;
        self.carry_import_of(new.image_id, new.id, claim);
        Ok(())
    }

    /// Others than services may only name what everybody can read.
    fn refuse_other_than_http(&self, caller: &Caller, url: &str) -> Result<()> {
        let is_service = caller.roles.contains("service") || caller.service_roles.contains("service");
        let has_http = self.parts().stores.iter().any(|store| store.options().plugin == "http");
        if is_service || (has_http && url.starts_with("http")) {
            return Ok(());
        }
        Err(Error::forbidden("http store must be enabled to use location API by normal user."))
    }

    async fn open_import(&self, new: &NewTransfer, task: &Task) -> Result<()> {
        match self.catalog().begin_location_import(new, task, OffsetDateTime::now_utc()).await? {
            Begin::Started => Ok(()),
            Begin::WrongStatus(status) => refuse_unless_queued(status),
            Begin::Gone => Err(Error::not_found(no_image_with_id(new.image_id.as_str())())),
            Begin::OverLimit(exceeded) => Err(self.over_limit(&exceeded, None, None)),
            Begin::Outstanding(leftovers) => {
                for leftover in leftovers {
                    self.settle_leftover(leftover).await?;
                }
                Err(Error::shortly("Earlier data of the image was still being removed; try again."))
            }
        }
    }

    /// Goes on with an import in the background.
    pub(crate) fn carry_import(&self, transfer: Transfer, claim: Claim) {
        self.carry_import_of(transfer.image_id, transfer.id, claim);
    }

    fn carry_import_of(&self, image: ImageId, import: String, claim: Claim) {
        let service = self.clone();
        let running = self.0.imports.begin(&image);
        let whole = async move {
            let _claim = claim;
            // Where this fails, the catalog still has the import, and maintenance takes it up again.
            match AssertUnwindSafe(running.carry(service.import(&import))).catch_unwind().await {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(error))) => tracing::warn!(image = image.as_str(), %error, "location not imported yet"),
                Ok(None) => service.give_up_import(&import).await,
                Err(_panic) => tracing::error!(image = image.as_str(), "the import of a location panicked"),
            }
        };
        self.0.imports.spawn(for_this_request(whole));
    }

    /// The image was deleted: its import ends.
    async fn give_up_import(&self, import: &str) {
        let end = failed("The image was deleted.", false);
        if let Err(error) = self.end_import(import, &end).await {
            tracing::warn!(import, %error, "a cancelled import is not ended yet");
        }
    }

    /// From wherever it stands to its end.
    async fn import(&self, id: &str) -> Result<()> {
        let (Some(transfer), Some(task)) = (self.catalog().transfer(id).await?, self.catalog().find_task(id).await?)
        else {
            // Without a task nobody asked for it.
            return Ok(self.catalog().end_transfer(id).await?);
        };
        match (RequestId::current(), &task.request_id) {
            // Taken up by recovery: the task knows the request.
            (None, Some(id)) => RequestId::new(id).serve(self.import_to(transfer, task)).await,
            _ => self.import_to(transfer, task).await,
        }
    }

    async fn import_to(&self, transfer: Transfer, task: Task) -> Result<()> {
        let id = &transfer.id;
        let Some(found) = self.catalog().find_image(&transfer.image_id, None).await? else {
            return self.end_import(id, &failed("The image was deleted.", false)).await;
        };
        let mut image = Arc::unwrap_or_clone(found.image);
        let wanted = WantedImport::of_task(&task.input);
        if image.locations.is_empty() {
            match self.place(id, &mut image, &wanted).await {
                Ok(true) => {}
                Ok(false) => return self.end_import(id, &failed("The image was no longer importing.", true)).await,
                Err(refused) => return self.fail(id, &image, &refused?).await,
            }
        }
        match self.hash(&image, &wanted).await {
            Ok(findings) => self.end_import(id, &ImportEnd::Done(findings.as_ref())).await,
            Err(refused) => self.fail(id, &image, &refused).await,
        }
    }

    /// Finds the data, and gives the image the location. `false` when the image is no longer importing.
    async fn place(
        &self,
        id: &str,
        image: &mut Image,
        wanted: &WantedImport<'_>,
    ) -> std::result::Result<bool, Result<Refused>> {
        let location = Location { url: wanted.url.to_owned(), metadata: serde_json::Map::new() };
        let examined = self.examine_patiently(image, location).await.map_err(Ok)?;
        let hashes = self.settings().do_secure_hash;
        let said = wanted.said.map(|said| said.algorithm.to_owned());
        let placed = Placed {
            location: examined.location,
            size: examined.size,
            os_hash_algo: said.or_else(|| hashes.then(|| self.settings().multihash.name().to_owned())),
            os_hash_value: wanted.said.filter(|_| !hashes).map(|said| said.value.to_owned()),
            active: !hashes || wanted.said.is_none(),
        };
        let now = OffsetDateTime::now_utc();
        let bounds = self.bounds(image.owner.as_deref()).await.map_err(Err)?;
        let is_placed = match self.catalog().place_location(id, &self.0.node, &placed, &bounds, now).await {
            Err(Failure { kind: Catalog::OverLimit(exceeded), .. }) => {
                let refusal = self.over_limit(&exceeded, image.owner.as_deref(), Some(placed.size));
                return Err(Ok(Refused::of(refusal.message)));
            }
            placed => placed,
        };
        image.locations = vec![placed.location];
        image.size = Some(placed.size);
        image.os_hash_algo = placed.os_hash_algo;
        image.os_hash_value = placed.os_hash_value;
        image.status = if placed.active { Status::Active } else { image.status };
        is_placed.map_err(|error| Err(error.into()))
    }

    async fn fail(&self, id: &str, image: &Image, refused: &Refused) -> Result<()> {
        tracing::info!(image = image.id.as_str(), reason = refused.message, "a location was refused");
        let object = self.objects_at(&image.id, &image.locations).await.pop();
        let end = ImportEnd::Failed {
            message: &refused.message,
            harmful: refused.harmful,
            keep_location: object.is_none(),
            object: object.as_ref(),
        };
        self.end_import(id, &end).await?;
        if let Some(object) = object {
            self.settle_or_later(&object.id).await;
        }
        Ok(())
    }

    async fn end_import(&self, id: &str, end: &ImportEnd<'_>) -> Result<()> {
        self.catalog().end_location_import(id, &self.0.node, end, OffsetDateTime::now_utc()).await?;
        Ok(())
    }
}

fn failed(message: &str, keep_location: bool) -> ImportEnd<'_> {
    ImportEnd::Failed { message, harmful: false, keep_location, object: None }
}

fn refuse_unless_queued(status: Status) -> Result<()> {
    if status == Status::Queued {
        return Ok(());
    }
    let message = format!("It's not allowed to add locations if image status is {status}.");
    Err(Error::new(Kind::Conflict, Side::Client, message))
}

fn task_of(caller: &Caller, image: &Image, wanted: &WantedImport<'_>, request_id: Option<&str>) -> Task {
    let now = OffsetDateTime::now_utc();
    Task {
        id: uuid::Uuid::new_v4().to_string(),
        kind: LOCATION_IMPORT.to_owned(),
        status: TaskStatus::Processing,
        owner: caller.project_id.clone().unwrap_or_default(),
        expires_at: None,
        image_id: Some(image.id.as_str().to_owned()),
        request_id: request_id.map(str::to_owned),
        user_id: caller.user_id.clone(),
        created_at: now,
        updated_at: now,
        input: wanted.task_input(image.id.as_str()),
        result: Value::Null,
        message: None,
    }
}
