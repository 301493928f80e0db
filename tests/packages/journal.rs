//! The log, where systemd's journal reads it.

use crate::wrapped;
use casement_tests::Gateway;
use std::sync::Arc;

#[test]
fn the_journal_is_told_how_urgent_each_line_is_and_nobody_else() {
    // Standard error is a pipe of the harness, and is named as systemd names the journal's socket, or something else is.
    for (named, told) in [("$(stat --dereference --format=%d:%i /dev/stderr)", true), ("1:1", false)] {
        let builder = Gateway::builder().filesystem("local", None, "default = true");
        let absent = builder.folder().join("absent").display().to_string();
        let builder = builder.store("far", &format!("plugin = \"filesystem\"\nroot = '{absent}'"));
        let text = builder.config();
        let site = Arc::new(builder.site(&text));
        let script = format!("export JOURNAL_STREAM={named}; exec \"$@\"");
        let gateway = Gateway::start_as(site, |command| wrapped(&script, &command));
        let log = gateway.log().text();
        let line = |part: &str| log.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {log}"));
        for (part, prefix) in [("listening on", "<6>"), ("store can't be opened", "<3>")] {
            assert_eq!(line(part).starts_with(prefix), told, "{log}");
        }
        assert_eq!(log.lines().any(|line| line.starts_with('<')), told, "{log}");
    }
}
