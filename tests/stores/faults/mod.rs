//! What goes wrong between the gateway and a server. A client gets a clear answer in bounded time, comes again and gets what
//! it wants, and in the end nothing is left on the server that no image owns.

mod deletes;
mod downloads;
mod uploads;

use casement_tests::{Medium, When};

/// A part of every image's id, and of no name of a bucket or container.
const ID: &str = "-4";

/// The requests of an upload in parts, in their order.
fn stages(medium: Medium) -> Vec<(&'static str, When)> {
    match medium {
        Medium::Filesystem => Vec::new(),
        Medium::S3 => vec![
            ("create the upload", When::method("POST").path("?uploads")),
            ("a part", part(medium)),
            ("complete the upload", publish(medium)),
        ],
        Medium::Swift | Medium::SwiftKeystone => {
            vec![("a segment", part(medium)), ("the manifest", publish(medium))]
        }
    }
}

/// Puts a part of an image.
pub(crate) fn part(medium: Medium) -> When {
    match medium {
        Medium::S3 => When::method("PUT").path("partNumber="),
        _ => When::method("PUT").path("_segments/").without(".casement-staged"),
    }
}

/// Makes an object of the parts.
fn publish(medium: Medium) -> When {
    match medium {
        Medium::S3 => When::method("POST").path("uploadId="),
        _ => When::method("PUT").path("multipart-manifest=put"),
    }
}
