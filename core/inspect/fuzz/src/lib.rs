//! What holds for any data: one function for each format, and one for whole images. libFuzzer calls them, and the tests of
//! casement-inspect do with their corpus.
//!
//! A function takes a *digest* of an image: the places that its parser looks at, and nothing of the data between them, so
//! that no mutation is wasted. `seeds` takes digests of images, the functions make images of digests again.

mod headers;
mod hold;
mod seal;
pub mod seeds;
mod vhd;
mod vhdx;
mod vmdk;

pub use headers::{gpt, iso, luks, ploop, qcow2, qed, vdi};
pub use hold::any as inspect;
pub use seal::{seal_vhd_footer, seal_vhdx_header};
pub use vhd::vhd;
pub use vhdx::vhdx;
pub use vmdk::vmdk;

/// A function, and the name of the target that calls it.
pub type Target = (&'static str, fn(&[u8]));

pub const ALL: [Target; 11] = [
    ("inspect", inspect),
    ("qcow2", qcow2),
    ("vhd", vhd),
    ("vhdx", vhdx),
    ("vmdk", vmdk),
    ("vdi", vdi),
    ("qed", qed),
    ("iso", iso),
    ("gpt", gpt),
    ("luks", luks),
    ("ploop", ploop),
];
