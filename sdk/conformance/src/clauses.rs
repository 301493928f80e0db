//! The sentences of the contract that cases hold a backend to.

use crate::case::Clause;

pub(crate) const VERSION: Clause =
    Clause { text: "The plugin's own version.", rust: "export_backend!", c: "CasementPlugin.version" };
pub(crate) const SCHEMA: Clause = Clause {
    text: "A JSON Schema of the configuration; empty where there is none.",
    rust: "Backend::Config",
    c: "CasementPlugin.config_schema",
};
pub(crate) const UNKNOWN_KEYS: Clause = Clause {
    text: "Give it `#[serde(deny_unknown_fields)]`: the schema that the gateway checks before `open` is made from this type.",
    rust: "Backend::Config",
    c: "CasementPlugin.config_schema",
};
pub(crate) const QUERY: Clause = Clause {
    text: "The plugin's extension table of this name, or null.",
    rust: "Backend::presign_read",
    c: "CasementPlugin.query",
};
pub(crate) const OPEN: Clause =
    Clause { text: "Makes the backend ready for use.", rust: "Backend::open", c: "CasementPlugin.open" };
pub(crate) const CONFIG: Clause =
    Clause { text: "when the operator must change the configuration,", rust: "Backend::open", c: "CASEMENT_CONFIG" };
pub(crate) const CAPABILITIES: Clause = Clause {
    text: "What this store can do: all of [`Backend::CAPABILITIES`] or less. Asked once, after `open`; must not change afterwards.",
    rust: "Backend::capabilities",
    c: "CasementBackendVt.capabilities",
};
pub(crate) const UNSUPPORTED: Clause =
    Clause { text: "this backend cannot do that at all.", rust: "Capabilities", c: "CASEMENT_UNSUPPORTED" };
pub(crate) const HEALTH: Clause =
    Clause { text: "Whether the store can serve now.", rust: "Backend::health", c: "CasementBackendVt.health" };
pub(crate) const USAGE: Clause =
    Clause { text: "`usage` knows the free space.", rust: "Capabilities::usage", c: "CASEMENT_CAN_USAGE" };
pub(crate) const STAT: Clause =
    Clause { text: "Size and identity of a published object.", rust: "Backend::stat", c: "CasementBackendVt.stat" };
pub(crate) const MODIFIED: Clause = Clause {
    text: "When the object was last modified, in milliseconds since 1970-01-01 UTC; `None` where unknown.",
    rust: "Stat::modified_ms",
    c: "CasementReply.value2",
};
pub(crate) const NOT_FOUND: Clause = Clause {
    text: "no object under this key, or nothing staged under this token.",
    rust: "Kind::NotFound",
    c: "CASEMENT_NOT_FOUND",
};
pub(crate) const CREATE: Clause = Clause {
    text: "Starts a staged write. Nothing is readable under `key` before [`Writer::commit`] succeeds.",
    rust: "Backend::create",
    c: "CasementBackendVt.open_write",
};
pub(crate) const SIZE: Clause = Clause {
    text: "A write that turns out longer or shorter fails, or publishes exactly what was written.",
    rust: "WriteOptions::size",
    c: "CasementBackendVt.open_write",
};
pub(crate) const CHUNKS: Clause = Clause {
    text: "Chunks can be smaller, not only the last.",
    rust: "Capabilities::chunk_size",
    c: "CasementCapabilities.chunk_size",
};
pub(crate) const WRITE: Clause = Clause {
    text: "Appends a chunk. After an error only `abort` is legal.",
    rust: "Writer::write",
    c: "CasementWriterVt.write",
};
pub(crate) const COMMIT: Clause = Clause {
    text: "publishes it under its key in one step, and never replaces an object that is already there.",
    rust: "Writer::commit",
    c: "CasementWriterVt.commit",
};
pub(crate) const DURABLE: Clause = Clause {
    text: "When it answers `Ok`, the object outlives a power cut.",
    rust: "Writer::commit",
    c: "CasementWriterVt.commit",
};
pub(crate) const ABORT: Clause =
    Clause { text: "Removes what was staged.", rust: "Writer::abort", c: "CasementWriterVt.abort" };
pub(crate) const DROP: Clause = Clause {
    text: "A staged write. Dropping it unfinished equals [`Writer::abort`].",
    rust: "Writer",
    c: "CasementWriterVt",
};
pub(crate) const RELEASE: Clause = Clause {
    text: "who must call `release(owner)` exactly once when done, from any thread",
    rust: "Writer::write",
    c: "CasementBuf",
};
pub(crate) const READ: Clause = Clause {
    text: "A range that starts at or behind the end reads nothing.",
    rust: "Backend::read",
    c: "CasementBackendVt.open_read",
};
pub(crate) const RANGE: Clause = Clause {
    text: "How many bytes are wanted; `None` is all up to the end. A range may reach beyond the end.",
    rust: "Range::len",
    c: "CasementBackendVt.open_read",
};
pub(crate) const OFFSET: Clause = Clause {
    text: "Reads may start anywhere (`Range::offset`).",
    rust: "Capabilities::read_range",
    c: "CASEMENT_CAN_READ_RANGE",
};
pub(crate) const NEXT: Clause = Clause {
    text: "The next chunk, of any size above zero, or `None` at the end of the range.",
    rust: "Reader::next",
    c: "CasementReaderVt.next",
};
pub(crate) const PARALLEL: Clause =
    Clause { text: "any thread, several at once.", rust: "Backend", c: "CasementBackendVt" };
pub(crate) const DELETE: Clause = Clause {
    text: "Removes a published object. Who is reading it may read it to the end where the medium can do that.",
    rust: "Backend::delete",
    c: "CasementBackendVt.delete",
};
pub(crate) const DELETE_NOTHING: Clause =
    Clause { text: "when there is nothing under `key`.", rust: "Backend::delete", c: "CASEMENT_NOT_FOUND" };
pub(crate) const LIST: Clause = Clause {
    text: "Lists published objects whose key starts with `prefix`, in ascending order of their keys' bytes, behind `after` where that is given. Staged writes are never listed.",
    rust: "Backend::list",
    c: "CasementBackendVt.open_list",
};
pub(crate) const PAGE: Clause = Clause {
    text: "The next page of objects; an empty page is the end.",
    rust: "Lister::next_page",
    c: "CasementListerVt.next_page",
};
pub(crate) const TOKEN: Clause = Clause {
    text: "The token by which [`Backend::discard`] finds this write after a crash. UTF-8, at most 512 bytes.",
    rust: "Writer::token",
    c: "CasementBackendVt.open_write",
};
pub(crate) const DISCARD: Clause = Clause {
    text: "Removes what a staged write has left behind, in this process or in one that died.",
    rust: "Backend::discard",
    c: "CasementBackendVt.discard",
};
pub(crate) const DISCARD_NOTHING: Clause =
    Clause { text: "when nothing is staged under `token`", rust: "Backend::discard", c: "CASEMENT_NOT_FOUND" };
pub(crate) const STAGED: Clause = Clause {
    text: "Every staged write that has not been committed, aborted or discarded, of whatever process.",
    rust: "Backend::list_staged",
    c: "CasementBackendVt.list_staged",
};
pub(crate) const IDLE: Clause = Clause {
    text: "How long nothing has been written to it, in milliseconds; `None` where unknown.",
    rust: "Staged::idle_ms",
    c: "CasementBackendVt.list_staged",
};
pub(crate) const COPY: Clause = Clause {
    text: "Copies an object inside the backend without moving its bytes through the gateway.",
    rust: "Backend::copy",
    c: "CasementBackendVt.copy",
};
pub(crate) const COPY_NEW: Clause = Clause {
    text: "it never replaces an object, and nothing is readable under `to` before all of it is there.",
    rust: "Backend::copy",
    c: "CasementBackendVt.copy",
};
pub(crate) const PRESIGN: Clause = Clause {
    text: "A URL by which whoever has it reads the object with a plain HTTP GET, any range of it,",
    rust: "Backend::presign_read",
    c: "CasementPresign.presign_read",
};
pub(crate) const PRESIGN_ONLY: Clause = Clause {
    text: "it carries nothing that opens more than this object.",
    rust: "Backend::presign_read",
    c: "CasementPresign.presign_read",
};
pub(crate) const FILE: Clause = Clause {
    text: "The file of an object, where the object is nothing but a file on a disk of this machine.",
    rust: "Backend::open_file",
    c: "CasementFile.open_file",
};
pub(crate) const FILE_STAYS: Clause = Clause {
    text: "The file stays whole when its object is deleted.",
    rust: "Backend::open_file",
    c: "CasementFile.open_file",
};
pub(crate) const PLACE: Clause = Clause {
    text: "The same answer to the same texts, always; nothing is read or written for it.",
    rust: "Backend::place",
    c: "CasementPlacement.place",
};
pub(crate) const PLACE_ODD: Clause = Clause {
    text: "when nothing can be kept for such an owner.",
    rust: "Backend::place",
    c: "CasementPlacement.place",
};
pub(crate) const PLACE_FOUND: Clause = Clause {
    text: "Such a key tells the project, so that everything that is done with the object later finds it.",
    rust: "Backend::place",
    c: "CasementPlacement.place",
};
pub(crate) const LOCATION: Clause = Clause {
    text: "The location URI under which the catalog records the object,",
    rust: "Backend::format_location",
    c: "CasementBackendVt.format_location",
};
pub(crate) const LOCATION_BACK: Clause = Clause {
    text: "The key that a location URI names; the inverse of [`Backend::format_location`],",
    rust: "Backend::parse_location",
    c: "CasementBackendVt.parse_location",
};
pub(crate) const LOCATION_FOREIGN: Clause = Clause {
    text: "when the URI is well-formed but belongs to another store,",
    rust: "Backend::parse_location",
    c: "CasementBackendVt.parse_location",
};
pub(crate) const NO_SECRET: Clause = Clause {
    text: "Answers `data`: the location URI of `key`, without any secret.",
    rust: "Backend::format_location",
    c: "CasementBackendVt.format_location",
};
pub(crate) const KEYS: Clause = Clause {
    text: "a backend need not judge them beyond what its medium forbids.",
    rust: "author.rs",
    c: "CasementStr",
};
pub(crate) const CANCEL: Clause = Clause {
    text: "Asks for an early end. The answer still comes: `CASEMENT_CANCELLED`, or whatever it became.",
    rust: "Backend::CANCELLABLE",
    c: "CasementOp.cancel",
};
pub(crate) const ONCE: Clause =
    Clause { text: "Call it exactly once, also after `cancel`.", rust: "Backend", c: "CasementCompletion" };

#[cfg(test)]
mod tests {
    use crate::{Selection, list};

    const AUTHOR: &str = include_str!("../../src/author.rs");
    const HEADER: &str = include_str!("../../include/casement.h");

    /// The text of all comments, with the line breaks taken out.
    fn prose(source: &str) -> String {
        let comments = source.lines().map(|line| line.trim_start().trim_start_matches(['/', '!']).trim());
        comments.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_sentence_stands_in_the_contract() {
        let prose = prose(AUTHOR) + &prose(HEADER);
        for case in list(&Selection { long: true, ..Selection::default() }) {
            assert!(prose.contains(case.clause.text), "{}: nobody wrote \"{}\"", case.name, case.clause.text);
        }
    }

    #[test]
    fn every_place_is_there() {
        for case in list(&Selection::default()) {
            let name = |place: &str| place.rsplit([':', '.']).next().unwrap_or_default().to_owned();
            let (rust, c) = (name(case.clause.rust), name(case.clause.c));
            let crate_sources = [AUTHOR, include_str!("../../src/error.rs"), include_str!("../../src/glue/mod.rs")];
            assert!(
                rust == "rs" || crate_sources.iter().any(|source| source.contains(rust.trim_end_matches('!'))),
                "{}: there is no {}",
                case.name,
                case.clause.rust
            );
            assert!(HEADER.contains(&c), "{}: there is no {}", case.name, case.clause.c);
        }
    }
}
