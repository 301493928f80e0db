//! JSON patch of an image.

/// The two dialects of PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    V2_0,
    V2_1,
}
