//! The use cases of the Images API, one file per verb family.
