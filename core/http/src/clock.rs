//! What the clocks of a connection have in common.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::Sleep;

pub(crate) type Clock = Pin<Box<Sleep>>;

pub(crate) fn has_passed(clock: &mut Option<Clock>, context: &mut Context<'_>) -> bool {
    clock.as_mut().is_some_and(|clock| clock.as_mut().poll(context).is_ready())
}

pub(crate) fn timed_out<T>(what: &str) -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, what)))
}
