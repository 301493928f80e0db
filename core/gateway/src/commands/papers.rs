//! What the program says of itself: completions, manual pages, the reference of its configuration.

use crate::{
    cli::Cli,
    exit::{Exit, Failure, Result},
};
use clap::CommandFactory;
use clap_complete::{Generator, Shell};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

pub(super) fn completions(shell: Shell) -> Result<()> {
    let mut command = Cli::command();
    command.build();
    command.set_bin_name("casement");
    shell.try_generate(&command, &mut io::stdout()).map_err(Failure::of(Exit::Temporary, "standard output"))
}

pub(super) fn man(folder: &Path) -> Result<()> {
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(Failure::of(Exit::Temporary, &folder.display().to_string()))
}

pub(super) fn print(text: &str) -> Result<()> {
    io::stdout().write_all(text.as_bytes()).map_err(Failure::of(Exit::Temporary, "standard output"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Command;
    use std::{env, fmt::Write as _};

    const PAGE: &str = "docs/operators/command-line.md";
    const BEGIN: &str = "`UPDATE=1 cargo test -p casement of_the_command_line`. -->\n\n";
    const END: &str = "\n<!-- end of the table -->";

    /// A line for each command that does something for somebody who types it.
    fn table(out: &mut String, command: &Command, path: &str) {
        let for_people = |command: &&Command| command.get_name() != "help" && !command.is_hide_set();
        for command in command.get_subcommands().filter(for_people) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                table(out, command, &path);
            } else {
                writeln!(out, "| `{path}` | {} |", command.get_about().unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn the_page_of_the_command_line_lists_every_command() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
        let mut page = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let (head, rest) = page.split_once(BEGIN).unwrap();
        let (_, tail) = rest.split_once(END).unwrap();
        let mut commands = "| command | what it does |\n| --- | --- |\n".to_owned();
        table(&mut commands, &Cli::command(), "casement");
        let expected = format!("{head}{BEGIN}{commands}{END}{tail}");
        if env::var_os("UPDATE").is_some() {
            fs::write(&file, &expected).unwrap();
            page.clone_from(&expected);
        }
        assert!(
            page == expected,
            "{PAGE} is not what the source says; run `UPDATE=1 cargo test -p casement of_the_command_line`"
        );
    }

    #[test]
    fn every_command_has_a_manual_page_and_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        man(folder.path()).unwrap();
        let mut command = Cli::command();
        let mut script = Vec::new();
        clap_complete::generate(Shell::Bash, &mut command, "casement", &mut script);
        let script = String::from_utf8(script).unwrap();
        let mut commands = String::new();
        table(&mut commands, &Cli::command(), "casement");
        for line in commands.lines() {
            let name = line.split('`').nth(1).unwrap();
            assert!(folder.path().join(format!("{}.1", name.replace(' ', "-"))).is_file(), "{name}");
            assert!(script.contains(name.rsplit(' ').next().unwrap()), "{name}");
        }
    }
}
