//! Where an image's data lies, as clients see and change it.

mod arrange;
mod examine;
mod patch;
#[cfg(test)]
mod tests;

pub(crate) use examine::Examined;
