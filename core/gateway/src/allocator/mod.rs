//! Where the gateway's own memory comes from: its system's allocator, except on Linux.

#[cfg(target_os = "linux")]
mod linux;
