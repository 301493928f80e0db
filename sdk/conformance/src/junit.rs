//! What came of a run, for machines.

use crate::report::{Outcome, Report, Verdict};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

impl Report {
    /// The report as JUnit's XML.
    ///
    /// # Errors
    /// What the writer of XML says; it has no reason to say anything.
    pub fn junit(&self) -> Result<String, String> {
        let mut suite = TestSuite::new(self.plugin.clone());
        suite.add_property(("version", self.version.as_str()));
        suite.add_property(("built_with", self.built_with.as_str()));
        suite.add_test_cases(self.outcomes.iter().map(case));
        let mut report = quick_junit::Report::new("casement-conformance");
        report.add_test_suite(suite);
        report.to_string().map_err(|error| error.to_string())
    }
}

fn case(outcome: &Outcome) -> TestCase {
    let status = match &outcome.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason.clone());
            status
        }
        Verdict::Failed(seen) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(seen.clone()).set_type(outcome.clause.rust).set_description(outcome.to_string());
            status
        }
    };
    let (group, name) = outcome.name.split_once("::").unwrap_or(("", outcome.name));
    let mut case = TestCase::new(name, status);
    case.set_classname(group).set_time(outcome.took);
    case
}
