//! Metadata definitions: answers that were recorded from Glance 33, its defects set right, and the commands for files.
#![allow(clippy::unwrap_used)]

mod bad_input;
mod commands;
mod fixes;
mod golden;
