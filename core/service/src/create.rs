//! Creating an image record.

use crate::{
    Error, Kind, Record, Result, Service, Side,
    access::{refuse_read_only, visibility_action},
};
use casement_catalog::Kind as Catalog;
use casement_image::{
    Caller, Visibility,
    create::{self, Defaults},
};
use serde_json::Value;
use time::OffsetDateTime;

impl Service {
    /// Creates a queued image and answers its record. The order of the checks is Glance's: clients
    /// learn of the first one that fails.
    ///
    /// # Errors
    /// See `POST /v2/images`.
    pub async fn create_image(&self, caller: &Caller, body: &Value) -> Result<Record> {
        refuse_read_only(caller)?;
        let wanted = create::check_body(body, &self.settings().schemas)?;
        let owner = create::wanted_owner(wanted, caller.project_id.as_deref()).map(ToOwned::to_owned);
        let visibility = create::wanted_visibility(wanted);
        self.authorize_owner(caller, owner.as_deref(), visibility)?;
        if let Some(action) = visibility_action(visibility) {
            self.authorize_new(action, caller, owner.as_deref(), visibility)?;
        }
        self.property_access(caller).check_new(create::additional_properties(wanted))?;
        let defaults = Defaults { id: None, owner, now: OffsetDateTime::now_utc(), quotas: self.settings().quotas };
        let image = create::build(wanted, defaults)?;
        let bounds = self.bounds(image.owner.as_deref()).await?;
        match self.catalog().create_image_within(&image, &bounds).await {
            Ok(()) => self.shown(caller, &image),
            Err(error) => Err(match error.kind {
                Catalog::Exists => {
                    Error::new(Kind::Conflict, Side::Client, format!("Image ID {} already exists!", image.id))
                }
                Catalog::OverLimit(exceeded) => self.over_limit(&exceeded, image.owner.as_deref(), None),
                _ => error.into(),
            }),
        }
    }

    fn authorize_owner(&self, caller: &Caller, owner: Option<&str>, visibility: Option<Visibility>) -> Result<()> {
        let allowed = self.authorize_new("add_image", caller, owner, visibility);
        if allowed.is_err() && owner != caller.project_id.as_deref() {
            // Python's spelling of "nobody", as clients know it.
            let owner = owner.unwrap_or("None");
            let mut error = Error::forbidden(format!("You are not permitted to create images owned by '{owner}'"));
            error.generic_lead = true;
            return Err(error);
        }
        allowed
    }
}
