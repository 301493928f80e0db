//! Changing an image record by JSON patch.

use crate::{
    Error, Kind, Precondition, Record, Result, Service, Side,
    access::{no_image_with_id, refuse_read_only, visibility_action},
};
use casement_catalog::{Error as Failure, Kind as Catalog};
use casement_image::{
    Caller, Image,
    patch::{self, Dialect, Operation, PatchContext},
};
use serde_json::Value;
use time::OffsetDateTime;

/// How often a patch is applied anew because somebody else changed the image in between.
const TRIES: u32 = 5;
/// How many locations one patch may name. Each is looked up, and the client waits for all.
const MOST_LOCATIONS: usize = 100;

impl Service {
    /// Applies all operations or none, and answers the new record. With a precondition, only to the version it names.
    ///
    /// # Errors
    /// See `PATCH /v2/images/{id}`.
    pub async fn update_image(
        &self,
        caller: &Caller,
        id: &str,
        dialect: Dialect,
        body: &Value,
        precondition: Option<&Precondition>,
    ) -> Result<Record> {
        refuse_read_only(caller)?;
        let operations = patch::parse(dialect, body, &self.settings().schemas)?;
        refuse_endless(&operations)?;
        let context = PatchContext { is_admin: caller.is_admin, quotas: self.settings().quotas };
        let missing = no_image_with_id(id);
        for _ in 0..TRIES {
            let found = self.look_up(caller, id, &missing).await?;
            if operations.is_empty() || precondition.is_some() {
                self.permit("get_image", caller, &found, &missing)?;
            }
            Precondition::check(precondition, &found.image)?;
            let mut image = Image::clone(&found.image);
            for operation in &operations {
                if let Some(change) = operation.location_change() {
                    self.change_locations(caller, &found, &mut image, change).await?;
                    continue;
                }
                if let Some(action) = visibility_action(operation.sets_visibility()) {
                    self.permit(action, caller, &found, &missing)?;
                }
                self.permit("modify_image", caller, &found, &missing)?;
                self.property_access(caller).check_patch(&mut image, operation)?;
                patch::apply(&mut image, operation, &context)?;
            }
            if image == *found.image {
                return self.shown(caller, &image);
            }
            let dropped = self.dropped(&found.image, &image).await;
            let bounds = self.bounds_of_change(&found.image, &image).await?;
            let now = OffsetDateTime::now_utc();
            match self.catalog().relocate_image(&found.image, &image, &dropped, &bounds, now).await {
                Ok(updated_at) => {
                    for object in dropped {
                        self.settle_or_later(&object.id).await;
                    }
                    image.updated_at = updated_at;
                    return self.shown(caller, &image);
                }
                Err(error) if error.kind == Catalog::Changed => {}
                Err(Failure { kind: Catalog::OverLimit(exceeded), .. }) => {
                    return Err(self.over_limit(&exceeded, image.owner.as_deref(), image.size));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let message = format!("Image {id} is being changed by others; try again.");
        Err(Error::new(Kind::Conflict, Side::Client, message))
    }
}

fn refuse_endless(operations: &[Operation]) -> Result<()> {
    let named = |operation: &Operation| operation.location_change().map_or(0, |change| change.count());
    if operations.iter().map(named).sum::<usize>() > MOST_LOCATIONS {
        let message = format!("One request may name at most {MOST_LOCATIONS} locations.");
        return Err(Error::new(Kind::LimitExceeded, Side::Client, message));
    }
    Ok(())
}
