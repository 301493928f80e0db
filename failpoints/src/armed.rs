//! What a test has ordered.

use crate::order::{self, Action, Order};
use std::{env, io, process, sync::OnceLock};

const VARIABLE: &str = "CASEMENT_FAILPOINTS";

pub(crate) fn reached(name: &[&str]) -> io::Result<()> {
    static ORDERS: OnceLock<Vec<Order>> = OnceLock::new();
    let orders = ORDERS.get_or_init(|| {
        let text = env::var(VARIABLE).unwrap_or_default();
        order::read(&text).unwrap_or_else(|mistake| stop(&format!("{VARIABLE}: {mistake}")))
    });
    // Nearly always there is none.
    if orders.is_empty() {
        return Ok(());
    }
    let name = name.concat();
    match orders.iter().find(|order| order.name == name).and_then(Order::due) {
        None => Ok(()),
        Some(Action::Error(code)) => Err(io::Error::from_raw_os_error(code)),
        Some(Action::Die) => stop(&format!("died at the failpoint {name}")),
    }
}

fn stop(why: &str) -> ! {
    eprintln!("{why}");
    process::abort()
}
