//! Failpoints: named places at which a test lets the program die, or lets a call fail. Only builds with debug assertions
//! have them; in a release nothing of them is left.
//!
//! `CASEMENT_FAILPOINTS` arms them, for the whole life of the process:
//!
//! ```text
//! store.commit.before=die; catalog.set_token.after=error(28)@2
//! ```
//!
//! - `die` ends the process at once: nothing is unwound, flushed or told to anybody.
//! - `error(28)` is the operating system's error of this number, as if the call had answered so.
//! - `@2` means the second time only, `@2+` the second time and all that follow; without, every time.
//!
//! Every plugin file has failpoints of its own, which read the same variable and count for themselves. The names stand in
//! the code as literals, as [`failpoint("name")`](failpoint) or [`around("name", …)`](around), and the crash suite looks
//! for them there: a name that no crash ever met fails it.

#[cfg(debug_assertions)]
mod armed;
#[cfg(debug_assertions)]
mod order;

#[cfg(debug_assertions)]
use armed::reached;
use std::io;

/// Nothing, which leaves nothing of the names either.
#[cfg(not(debug_assertions))]
#[inline(always)]
fn reached(_name: &[&str]) -> io::Result<()> {
    Ok(())
}

/// The place of this name.
///
/// # Errors
/// When a test wants it so.
#[inline]
pub fn failpoint(name: &'static str) -> io::Result<()> {
    reached(&[name])
}

/// A call with the places `<name>.before` and `<name>.after`. An error at the latter is an answer that was lost: the call
/// was made, and nobody knows.
///
/// # Errors
/// Those of the call, and one when a test wants it so.
#[inline]
pub async fn around<T, E: From<io::Error>>(
    name: &'static str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    reached(&[name, ".before"])?;
    let answer = call.await?;
    reached(&[name, ".after"])?;
    Ok(answer)
}
