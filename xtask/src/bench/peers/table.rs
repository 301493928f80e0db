//! The table as Markdown.

use super::{
    catalogs::Growth,
    row::{Line, Median, Unit, Who, first_line},
};
use crate::Result;
use std::fmt::Write;

const HEAD: [&str; 9] = [
    "work",
    "Casement",
    "Glance, 2 workers",
    "4 workers",
    "times the better",
    "limits",
    "of the binding one",
    "CPU seconds",
    "peak memory in MiB",
];

/// Figures that have two sides have that of Casement first, and then those of Glance.
pub(super) fn rows(lines: &[Line]) -> String {
    let mut rows: Vec<_> = lines.iter().map(Line::cells).collect();
    rows.extend(all_memory(lines));
    let mut head = HEAD.map(str::to_owned).to_vec();
    head.push("wanted".into());
    markdown(&head, &rows)
}

/// Lists of larger catalogs, held against that of the first.
pub(super) fn growths(catalogs: &[u64], growths: &[Growth]) -> String {
    let mut head = vec!["list of 25 images".to_owned()];
    for (index, images) in catalogs.iter().enumerate() {
        head.push(format!("of {images}, in ms"));
        if index > 0 {
            head.push("times the first".into());
        }
    }
    let rows: Vec<_> = growths
        .iter()
        .map(|growth| {
            let mut cells = vec![growth.list.to_owned()];
            let first = growth.millis.first().copied().unwrap_or(f64::NAN);
            for (index, millis) in growth.millis.iter().enumerate() {
                cells.push(number(*millis));
                if index > 0 {
                    cells.push(number(millis / first));
                }
            }
            cells
        })
        .collect();
    markdown(&head, &rows)
}

impl Line {
    fn of(&self, who: Who) -> Option<&Result<Median>> {
        self.results.iter().find(|(known, _)| *known == who).map(|(_, result)| result)
    }

    fn value(&self, who: Who) -> Option<f64> {
        Some(self.of(who)?.as_ref().ok()?.value)
    }

    /// How many times as good as another figure.
    fn times(&self, other: f64) -> Option<f64> {
        let own = self.value(Who::Casement)?;
        Some(match self.unit {
            Unit::MiBPerSecond | Unit::PerSecond => own / other,
            Unit::Milliseconds => other / own,
        })
    }

    fn limits(&self) -> impl Iterator<Item = (&'static str, &Result<Median>)> {
        self.results.iter().filter_map(|(who, result)| match who {
            Who::Limit(name) => Some((*name, result)),
            _ => None,
        })
    }

    /// The lowest: what cannot be passed.
    fn binding(&self) -> Option<f64> {
        self.limits().filter_map(|(_, result)| Some(result.as_ref().ok()?.value)).min_by(f64::total_cmp)
    }

    fn better_glance(&self) -> Option<f64> {
        let both = [2, 4].into_iter().filter_map(|workers| self.value(Who::Glance(workers)));
        match self.unit {
            Unit::MiBPerSecond | Unit::PerSecond => both.max_by(f64::total_cmp),
            Unit::Milliseconds => both.min_by(f64::total_cmp),
        }
    }

    fn cells(&self) -> Vec<String> {
        let unit = match self.unit {
            Unit::MiBPerSecond => ", MiB/s",
            Unit::PerSecond => ", a second",
            Unit::Milliseconds => "",
        };
        let figure = |who| self.of(who).map_or_else(none, |result| told(result, |median| number(median.value)));
        let limits: Vec<_> = self
            .limits()
            .map(|(name, result)| format!("{name} {}", told(result, |median| self.beside(median.value))))
            .collect();
        let ratio = |other: Option<f64>| other.and_then(|other| self.times(other)).map_or_else(none, number);
        vec![
            format!("{}{unit}", self.work),
            figure(Who::Casement),
            figure(Who::Glance(2)),
            figure(Who::Glance(4)),
            ratio(self.better_glance()),
            if limits.is_empty() { none() } else { limits.join("; ") },
            ratio(self.binding()),
            self.sides(|median| median.usage.map(|usage| usage.cpu)),
            self.sides(|median| median.usage.map(|usage| mib(usage.memory))),
            self.wanted.to_owned(),
        ]
    }

    /// A limit, and how far Casement is from it.
    fn beside(&self, limit: f64) -> String {
        let times = self.times(limit).map(|times| format!(" ({})", number(times)));
        format!("{}{}", number(limit), times.unwrap_or_default())
    }

    fn sides(&self, figure: impl Fn(&Median) -> Option<f64>) -> String {
        let sides: Vec<_> = SERVERS
            .into_iter()
            .filter_map(|who| self.of(who))
            .filter_map(|result| figure(result.as_ref().ok()?))
            .map(number)
            .collect();
        if sides.is_empty() { none() } else { sides.join("; ") }
    }
}

const SERVERS: [Who; 3] = [Who::Casement, Who::Glance(2), Who::Glance(4)];

/// The highest peak of all rows.
fn all_memory(lines: &[Line]) -> Option<Vec<String>> {
    let peak = |who| {
        let medians = lines.iter().filter_map(|line| line.of(who)?.as_ref().ok());
        medians.filter_map(|median| Some(mib(median.usage?.memory))).max_by(f64::total_cmp)
    };
    let peaks = SERVERS.map(peak);
    let times = peaks[0].zip(peaks[1]).map(|(own, two)| two / own);
    let mut cells = vec!["peak memory in all of the above, MiB".to_owned()];
    cells.extend(peaks.map(|peak| peak.map_or_else(none, number)));
    cells.push(times.map_or_else(none, number));
    cells.resize(HEAD.len(), none());
    cells.push(
        "a quarter of Glance with 2 workers at one transfer, half at eight; 48 MiB and 12 for each transfer".into(),
    );
    lines.first().map(|_| cells)
}

fn told(result: &Result<Median>, figure: impl Fn(&Median) -> String) -> String {
    match result {
        Ok(median) => figure(median),
        Err(text) => first_line(text).chars().take(120).collect::<String>().replace('|', "/"),
    }
}

fn none() -> String {
    "—".to_owned()
}

fn mib(bytes: u64) -> f64 {
    (bytes >> 20) as f64
}

/// As many digits as mean something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    let rule = vec!["---".to_owned(); head.len()];
    for cells in [head, &rule].into_iter().chain(rows.iter().map(Vec::as_slice)) {
        // Writing to a string does not fail.
        writeln!(text, "| {} |", cells.join(" | ")).ok();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::bench::meter::Usage;

    fn line(unit: Unit, results: Vec<(Who, Result<Median>)>) -> Line {
        Line { work: "work".into(), unit, wanted: "much", results }
    }

    fn of(value: f64) -> Result<Median> {
        Ok(Median { value, usage: None })
    }

    #[test]
    fn a_rate_is_held_against_the_better_glance_and_the_lowest_limit() {
        let results = vec![
            (Who::Casement, of(900.0)),
            (Who::Glance(2), of(100.0)),
            (Who::Glance(4), of(300.0)),
            (Who::Limit("disk"), of(2000.0)),
            (Who::Limit("MD5"), of(1000.0)),
        ];
        let cells = line(Unit::MiBPerSecond, results).cells();
        assert_eq!(cells[1..7], ["900", "100", "300", "3.00", "disk 2000 (0.45); MD5 1000 (0.90)", "0.90"]);
        assert_eq!(cells[0], "work, MiB/s");
    }

    #[test]
    fn of_times_the_shorter_is_the_better() {
        let results = vec![(Who::Casement, of(10.0)), (Who::Glance(2), of(50.0)), (Who::Glance(4), of(40.0))];
        assert_eq!(line(Unit::Milliseconds, results).cells()[4], "4.00");
    }

    #[test]
    fn who_failed_says_why_in_one_line_and_breaks_no_table() {
        let results = vec![(Who::Casement, of(1.0)), (Who::Glance(4), Err("no | answer\nof it".into()))];
        let cells = line(Unit::PerSecond, results).cells();
        assert_eq!(cells[3], "no / answer");
        assert_eq!((cells[2].as_str(), cells[4].as_str(), cells[6].as_str()), ("—", "—", "—"));
    }

    #[test]
    fn the_last_row_has_the_highest_peaks() {
        let with = |memory: u64| Ok(Median { value: 1.0, usage: Some(Usage { cpu: 1.5, memory: memory << 20 }) });
        let lines = [
            line(Unit::PerSecond, vec![(Who::Casement, with(40)), (Who::Glance(2), with(280))]),
            line(Unit::PerSecond, vec![(Who::Casement, with(56)), (Who::Glance(2), with(200))]),
        ];
        let text = rows(&lines);
        let last = text.lines().last().unwrap();
        assert!(last.contains("| 56.0 | 280 | — | 5.00 |"), "{last}");
        let columns: Vec<_> = text.lines().map(|line| line.matches('|').count()).collect();
        assert!(columns.iter().all(|count| *count == columns[0]), "{text}");
    }

    #[test]
    fn lists_are_held_against_that_of_the_first_catalog() {
        let growth = Growth { list: "by `name`", millis: vec![2.0, 3.0, 200.0] };
        let text = growths(&[10, 20, 30], &[growth]);
        assert_eq!(text.lines().last().unwrap(), "| by `name` | 2.00 | 3.00 | 1.50 | 200 | 100 |");
    }
}
