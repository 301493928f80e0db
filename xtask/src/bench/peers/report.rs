//! The section of docs/benchmarks.md that a run writes.

use super::{
    catalogs::Growth,
    options::{Options, Sizes},
    row::Line,
    table,
};
use crate::{Result, cargo::root};
use std::fs;

const FILE: &str = "docs/benchmarks.md";
const HEADING: &str = "## Peers: beside Glance, nginx and the machine";

const HOW: &str = "\
`cargo xtask bench peers` starts Glance 33 from the package index, under uWSGI with the settings of its own
`httpd/glance-api-uwsgi.ini`, with MariaDB (each commit flushed) and Keystone; Debian's nginx on the files of Casement's store;
and a release of Casement with the same Keystone; all with their files on one disk. Each does the same work in turn, and the
figures are medians of the rounds. What Glance does not do: it does not flush what is uploaded to the disk.

Work is made by `casement-bench` (`xtask/bench`), one thread on the same cores, over loopback: what is sent lies in the page
cache before the clock starts and goes by `sendfile`, and what comes is dropped in the kernel (`MSG_TRUNC`), as with iperf3's
`--zerocopy` and `--skip-rx-copy`. TCP has CUBIC, Linux's own default, where the user may set it: BBR, the default of some systems,
paces loopback too. Before each upload as much memory is touched as it will write: a guest's free memory goes
back to its hypervisor (Linux, \"Free Page Reporting\"), and it takes longer to have it again than to write into it. It goes
back in pieces of 2 MiB, about two seconds after it was freed; so every other MiB of what was touched stays in use until the upload is
done, and what is free between them stays with the guest. Small requests are made for some seconds.
Limits are measured in the same rounds: the gateway's digests of data in memory, a core for each, a plain write that is flushed
at its end, bare hyper that throws away what it is sent, a bare handler of warp that answers the same bytes, nginx with and
without `sendfile`. Of several limits the lowest binds; \"of the binding one\" is Casement's figure over it.

CPU seconds and peak memory are those of all processes of a server, memory as the sum of their proportional set sizes, every
250 ms; the figures are Casement's, then Glance's with 2 and with 4 workers. Databases, Keystone and the load are not in them.
";

const LISTS: &str = "\
The catalogs of the next table are filled by SQL while no gateway runs: a tenth of the images is the caller's, a tenth public,
the rest belongs to others. One client asks; times are those of whole requests. At most 1.5 times the first is wanted.
";

pub(super) struct Report<'a> {
    pub(super) options: &'a Options,
    pub(super) sizes: Sizes,
    pub(super) machine: String,
    pub(super) missing: Vec<String>,
    pub(super) lines: Vec<Line>,
    pub(super) growths: Vec<Growth>,
}

impl Report<'_> {
    fn tables(&self) -> String {
        let mut text = String::new();
        if !self.lines.is_empty() {
            text += &table::rows(&self.lines);
        }
        if !self.growths.is_empty() {
            text += &format!("\n{LISTS}\n{}", table::growths(&self.sizes.catalogs, &self.growths));
        }
        for missing in &self.missing {
            text += &format!("\nThere was no {missing}\n");
        }
        text
    }

    pub(super) fn print(&self) {
        println!("\n{}\n\n{}", self.machine, self.tables());
    }

    pub(super) fn write(&self) -> Result<()> {
        let file = root().join(FILE);
        let cannot = |err| format!("{FILE}: {err}");
        let old = fs::read_to_string(&file).map_err(cannot)?;
        let section = format!("{HOW}\n{}; {} rounds.\n\n{}", self.machine, self.options.rounds, self.tables());
        fs::write(&file, with_section(&old, HEADING, &section)).map_err(cannot)
    }
}

/// The document with this section in place of the old one, or at its end.
fn with_section(document: &str, heading: &str, section: &str) -> String {
    let section = format!("{heading}\n\n{}\n", section.trim_end());
    match document.split_once(&format!("{heading}\n")) {
        None => format!("{}\n\n{section}", document.trim_end()),
        Some((before, old)) => match old.find("\n## ") {
            Some(next) => format!("{before}{section}{}", &old[next..]),
            None => format!("{before}{section}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_at_the_end() {
        assert_eq!(with_section("# A\n\ntext\n", "## B", "new\n"), "# A\n\ntext\n\n## B\n\nnew\n");
    }

    #[test]
    fn a_section_is_replaced_and_the_others_stay() {
        let old = "# A\n\n## B\n\nold\n\n### Part of B\n\n## C\n\nkept\n";
        assert_eq!(with_section(old, "## B", "new"), "# A\n\n## B\n\nnew\n\n## C\n\nkept\n");
        assert_eq!(with_section("# A\n\n## B\n\nold\n", "## B", "new"), "# A\n\n## B\n\nnew\n");
    }
}
