//! What is to happen at which place.

use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Die,
    /// The operating system's error of this number.
    Error(i32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Only(u32),
    From(u32),
}

#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) name: String,
    action: Action,
    times: Times,
    reached: AtomicU32,
}

impl Order {
    /// What is to happen this time.
    pub(crate) fn due(&self) -> Option<Action> {
        let time = self.reached.fetch_add(1, Ordering::Relaxed) + 1;
        let due = match self.times {
            Times::Only(wanted) => time == wanted,
            Times::From(wanted) => time >= wanted,
        };
        due.then_some(self.action)
    }
}

/// Reads orders with semicolons between them; an error is a text for whoever wrote them.
pub(crate) fn read(text: &str) -> Result<Vec<Order>, String> {
    let orders = text.split(';').map(str::trim).filter(|order| !order.is_empty());
    orders.map(|order| parse(order).ok_or_else(|| format!("`{order}` is not name=die@1 or name=error(5)@1+"))).collect()
}

fn parse(order: &str) -> Option<Order> {
    let (name, what) = order.split_once('=')?;
    let (action, times) = match what.split_once('@') {
        Some((action, times)) => (action, times_of(times)?),
        None => (what, Times::From(1)),
    };
    let action = match action {
        "die" => Action::Die,
        _ => Action::Error(action.strip_prefix("error(")?.strip_suffix(')')?.parse().ok()?),
    };
    Some(Order { name: name.to_owned(), action, times, reached: AtomicU32::new(0) })
}

fn times_of(text: &str) -> Option<Times> {
    match text.strip_suffix('+') {
        Some(first) => first.parse().ok().map(Times::From),
        None => text.parse().ok().map(Times::Only),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn due_at_the_first_three(order: &str) -> [Option<Action>; 3] {
        let orders = read(order).unwrap();
        [(); 3].map(|()| orders[0].due())
    }

    #[test]
    fn an_order_is_due_always_once_or_from_some_time_on() {
        let (die, full) = (Some(Action::Die), Some(Action::Error(28)));
        assert_eq!(due_at_the_first_three("a.b=die"), [die; 3]);
        assert_eq!(due_at_the_first_three("a.b=error(28)@2"), [None, full, None]);
        assert_eq!(due_at_the_first_three("a.b=error(28)@2+"), [None, full, full]);
    }

    #[test]
    fn orders_are_told_apart_by_their_names() {
        let names = |text| read(text).unwrap().into_iter().map(|order| order.name).collect::<Vec<_>>();
        assert_eq!(names("a=die; b.after=error(5);"), ["a", "b.after"]);
        assert!(names("").is_empty());
    }

    #[test]
    fn what_is_no_order_is_told() {
        for wrong in ["a", "a=", "a=dye", "a=error", "a=error(x)", "a=die@", "a=die@-1", "a=die@1++"] {
            assert!(read(wrong).unwrap_err().contains(&format!("`{wrong}`")), "{wrong}");
        }
    }
}
