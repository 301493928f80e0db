//! Plugins that break the contract in every way they can. A store on such a plugin fails with a clear answer in
//! bounded time, the image stays usable, and the stores beside it serve.
#![allow(clippy::unwrap_used)]

mod cases;
mod fixture;
mod kit;
mod refused;
mod reload;
mod transfers;
