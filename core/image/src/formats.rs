//! Whether an image may go to another status now.

use crate::{Error, Image, Result, Status};

impl Image {
    /// The refusal, if the status machine has no such way (a conflict) or the image lacks what data needs (invalid).
    pub fn check_transition(&self, to: Status) -> Result<()> {
        if !self.status.may_become(to) {
            return Err(Error::conflict(format!(
                "Image status transition from {} to {to} is not allowed",
                self.status
            )));
        }
        let gets_data = matches!(self.status, Status::Queued | Status::Uploading)
            && matches!(to, Status::Saving | Status::Active | Status::Importing);
        if gets_data { self.check_formats() } else { Ok(()) }
    }

    /// Data is stored only for an image that says what the data is.
    fn check_formats(&self) -> Result<()> {
        let is_set = |format: &Option<String>| format.as_deref().is_some_and(|format| !format.is_empty());
        let missing = match (is_set(&self.disk_format), is_set(&self.container_format)) {
            (true, true) => return Ok(()),
            (false, true) => "Property disk_format",
            (true, false) => "Property container_format",
            (false, false) => "Properties disk_format, container_format",
        };
        Err(Error::invalid(format!("{missing} must be set prior to saving data.")))
    }
}
