//! The use cases of the Images API, one file per verb family; the only room that joins catalog, stores,
//! identity and policy. Knows nothing of HTTP.

mod error;
mod request;

pub use error::{Error, Kind, Result, Side};
pub use request::{BodyError, BodyStream, ByteStream, Credentials, Download, DownloadRequest, StoreInfo, UploadRequest};

use casement_image::{Caller, patch::Dialect};
use serde_json::{Map, Value};

#[derive(Debug, Clone)]
pub struct Service;

impl Service {
    /// Who sends this request. An error is always [`Kind::Unauthenticated`] or [`Kind::Unavailable`].
    pub async fn authenticate(&self, credentials: &Credentials) -> Result<Caller> { unimplemented!("{credentials:?}") }
    /// `None` for a schema that does not exist. Names as in the path: `image`, `images`, `metadefs/namespace`.
    pub fn schema(&self, name: &str) -> Option<&'static Value> { unimplemented!("{name}") }
    /// Ids of all stores, for the header of a create.
    pub fn store_ids(&self) -> Vec<String> { unimplemented!() }
    pub fn stores(&self, caller: &Caller) -> Result<Vec<StoreInfo>> { unimplemented!("{caller:?}") }
    /// The rendered record of the new image.
    pub async fn create_image(&self, caller: &Caller, body: &Value) -> Result<Map<String, Value>> { unimplemented!("{caller:?}{body}") }
    pub async fn show_image(&self, caller: &Caller, id: &str) -> Result<Map<String, Value>> { unimplemented!("{caller:?}{id}") }
    /// The whole document: images, first, next, schema. `query` is the decoded query string, in order.
    pub async fn list_images(&self, caller: &Caller, query: &[(String, String)]) -> Result<Value> { unimplemented!("{caller:?}{query:?}") }
    pub async fn update_image(&self, caller: &Caller, id: &str, dialect: Dialect, body: &Value) -> Result<Map<String, Value>> { unimplemented!("{caller:?}{id}{dialect:?}{body}") }
    pub async fn delete_image(&self, caller: &Caller, id: &str) -> Result<()> { unimplemented!("{caller:?}{id}") }
    pub async fn deactivate_image(&self, caller: &Caller, id: &str) -> Result<()> { unimplemented!("{caller:?}{id}") }
    pub async fn reactivate_image(&self, caller: &Caller, id: &str) -> Result<()> { unimplemented!("{caller:?}{id}") }
    pub async fn add_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> { unimplemented!("{caller:?}{id}{tag}") }
    pub async fn remove_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> { unimplemented!("{caller:?}{id}{tag}") }
    /// Goes on to its end, good or bad, even when this future is dropped: an upload always leaves the image
    /// `active` or `queued`.
    pub async fn upload(&self, caller: &Caller, id: &str, request: UploadRequest, body: BodyStream) -> Result<()> { let _ = body; unimplemented!("{caller:?}{id}{request:?}") }
    pub async fn download(&self, caller: &Caller, id: &str, request: &DownloadRequest) -> Result<Download> { unimplemented!("{caller:?}{id}{request:?}") }
    /// Whether requests can be served now; the error says what is missing.
    pub async fn health(&self) -> Result<()> { unimplemented!() }
}
