//! What goes into a use case and comes out of it, beyond the image record.

use futures_util::Stream;
use std::{fmt, pin::Pin};

pub use casement_stores::{
    BodyError, BodyStream,
    serve::{FilePart, Piece},
};

/// Image data on its way out. An error breaks the transfer: the length was promised already.
pub type PieceStream = Pin<Box<dyn Stream<Item = Result<Piece, crate::Error>> + Send + Sync>>;

#[derive(Debug, Clone, Default)]
pub struct UploadRequest {
    /// `X-Image-Meta-Store`.
    pub store: Option<String>,
    /// `x-openstack-image-size`, else Content-Length.
    pub size: Option<u64>,
}

#[derive(Debug, Clone, Default)]
pub struct DownloadRequest {
    /// The headers' values as they came.
    pub range: Option<String>,
    pub content_range: Option<String>,
    /// `?prefer=`: store ids, the best first.
    pub prefer: Vec<String>,
    /// Whether data may come as parts of files.
    pub takes_files: bool,
}

pub enum Download {
    /// The image has no data.
    Empty,
    Data {
        /// The whole image's size.
        size: u64,
        /// Offset and length of the part, when a part was asked for.
        part: Option<(u64, u64)>,
        /// MD5 of the whole image, in hex.
        checksum: Option<String>,
        data: PieceStream,
    },
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Data { size, part, .. } => f.debug_struct("Data").field("size", size).field("part", part).finish(),
        }
    }
}

/// One store, as `GET /v2/info/stores` tells of it.
#[derive(Debug, Clone)]
pub struct StoreInfo {
    pub id: String,
    pub description: Option<String>,
    pub default: bool,
    pub read_only: bool,
    /// Why the store cannot serve now.
    pub unavailable: Option<String>,
}

/// One store, as `GET /v2/info/stores/detail` tells of it.
#[derive(Debug, Clone)]
pub struct StoreDetail {
    pub info: StoreInfo,
    /// Glance's name for its kind, where Glance has such a store.
    pub kind: String,
    pub weight: i64,
    /// How it is set up; no secrets.
    pub properties: serde_json::Map<String, serde_json::Value>,
}
