//! A row of the table: the same work, done by each in turn.

use crate::{
    Result,
    bench::{memory::Touched, meter::Usage},
};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Casement,
    /// Glance with so many workers of uWSGI.
    Glance(u8),
    /// What cannot be passed, or does less than an image service has to.
    Limit(&'static str),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Casement => f.write_str("Casement"),
            Self::Glance(workers) => write!(f, "Glance with {workers} workers"),
            Self::Limit(name) => f.write_str(name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    MiBPerSecond,
    PerSecond,
    /// Less is better.
    Milliseconds,
}

/// What one round gave.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    pub(super) value: f64,
    /// Of a server that was watched.
    pub(super) usage: Option<Usage>,
}

impl Measured {
    pub(super) fn of(value: f64, usage: Usage) -> Self {
        Self { value, usage: Some(usage) }
    }

    pub(super) fn alone(value: f64) -> Self {
        Self { value, usage: None }
    }
}

type Work<'a> = Box<dyn FnMut() -> Result<Measured> + 'a>;

pub(super) struct Row<'a> {
    pub(super) work: String,
    pub(super) unit: Unit,
    /// What the figure is to come to.
    pub(super) wanted: &'static str,
    touching: Option<Box<dyn FnMut() -> Result<Touched> + 'a>>,
    contenders: Vec<(Who, Work<'a>)>,
}

impl<'a> Row<'a> {
    pub(super) fn new(work: String, unit: Unit, wanted: &'static str) -> Self {
        Self { work, unit, wanted, touching: None, contenders: Vec::new() }
    }

    /// Each time before the clock starts; what it touches is kept until the work is done.
    #[must_use]
    pub(super) fn touching(mut self, touch: impl FnMut() -> Result<Touched> + 'a) -> Self {
        self.touching = Some(Box::new(touch));
        self
    }

    #[must_use]
    pub(super) fn with(mut self, who: Who, work: impl FnMut() -> Result<Measured> + 'a) -> Self {
        self.contenders.push((who, Box::new(work)));
        self
    }

    /// All in turns, so that what else the machine does meets all. Who fails once is left out from then on.
    pub(super) fn run(&mut self, rounds: usize) -> Line {
        let mut results: Vec<_> = self.contenders.iter().map(|(who, _)| (*who, Ok::<_, String>(Vec::new()))).collect();
        for _ in 0..rounds {
            for ((who, work), (_, result)) in self.contenders.iter_mut().zip(&mut results) {
                let Ok(measured) = result else { continue };
                let touched = self.touching.as_mut().map(|touch| touch()).transpose();
                match touched.and_then(|_touched| work()) {
                    Ok(one) => {
                        println!("  {who}: {:.1}", one.value);
                        measured.push(one);
                    }
                    Err(text) => {
                        println!("  {who}: {}", first_line(&text));
                        *result = Err(text);
                    }
                }
            }
        }
        let results = results.into_iter().map(|(who, result)| (who, result.map(|all| Median::of(&all)))).collect();
        Line { work: self.work.clone(), unit: self.unit, wanted: self.wanted, results }
    }

    /// What the one of them does.
    pub(super) fn work_of(&mut self, who: Who) -> Option<&mut Work<'a>> {
        self.contenders.iter_mut().find(|(known, _)| *known == who).map(|(_, work)| work)
    }
}

/// What came of a row.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) work: String,
    pub(super) unit: Unit,
    pub(super) wanted: &'static str,
    pub(super) results: Vec<(Who, Result<Median>)>,
}

/// Of all rounds: the median of values and of processor time, and the highest peak of memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Median {
    pub(super) value: f64,
    pub(super) usage: Option<Usage>,
}

impl Median {
    fn of(measured: &[Measured]) -> Self {
        let usages: Vec<_> = measured.iter().filter_map(|one| one.usage).collect();
        let usage = (!usages.is_empty()).then(|| Usage {
            cpu: median(usages.iter().map(|usage| usage.cpu)),
            memory: usages.iter().map(|usage| usage.memory).max().unwrap_or_default(),
        });
        Self { value: median(measured.iter().map(|one| one.value)), usage }
    }
}

/// Of a long answer it says enough.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("failed")
}

/// The value in the middle, or the middle of the two.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn a_median_is_the_middle_whatever_the_order() {
        assert_eq!(median([5.0, 1.0, 3.0].into_iter()), 3.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert_eq!(median([7.0].into_iter()), 7.0);
        assert!(median([].into_iter()).is_nan());
    }

    #[test]
    fn rounds_take_turns_and_who_fails_is_left_out() {
        let order = RefCell::new(String::new());
        let mut row = Row::new("work".into(), Unit::PerSecond, "")
            .with(Who::Casement, || {
                order.borrow_mut().push('a');
                Ok(Measured::alone(1.0))
            })
            .with(Who::Glance(2), || {
                order.borrow_mut().push('b');
                Err("gone".into())
            });
        let line = row.run(3);
        drop(row);
        assert_eq!(order.into_inner(), "abaa");
        assert_eq!(line.results[0].1.as_ref().unwrap().value, 1.0);
        assert_eq!(line.results[1].1.as_ref().unwrap_err(), "gone");
    }

    #[test]
    fn memory_is_the_highest_peak_and_processor_time_a_median() {
        let of = |cpu, memory| Measured::of(1.0, Usage { cpu, memory });
        let median = Median::of(&[of(1.0, 5), of(9.0, 7), of(2.0, 6)]);
        assert_eq!(median.usage, Some(Usage { cpu: 2.0, memory: 7 }));
    }
}
