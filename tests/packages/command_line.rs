//! The papers that are laid out: manual pages and completions, made from the command line; and the container's recipe.

use crate::{root, run};
use casement_tests::{dist, have_tool, skip};
use std::{fs, process::Command};

#[test]
fn every_command_has_its_manual_page() {
    let pages = dist().join("share/man/man1");
    for page in ["casement", "casement-serve", "casement-check", "casement-store-list", "casement-db-backup"] {
        let text = fs::read_to_string(pages.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH NAME") && text.contains("Exit codes"), "{page}: {text}");
    }
    if !have_tool("man") {
        return skip("packages::every_command_has_its_manual_page", "man is not installed: nothing renders the pages");
    }
    let mut man = Command::new("man");
    man.args(["--warnings", "--local-file"]).arg(pages.join("casement-serve.1")).env("MANWIDTH", "100");
    assert!(run(&mut man).contains("casement-serve"));
}

#[test]
fn a_shell_completes_the_arguments() {
    let script = dist().join("share/bash-completion/completions/casement");
    let mut bash = Command::new("bash");
    let words = "source \"$1\"; COMP_WORDS=(casement store ''); COMP_CWORD=2; _casement casement '' store; echo \"${COMPREPLY[@]}\"";
    let completed = run(bash.args(["--norc", "-c", words, "bash"]).arg(script));
    assert!(completed.contains("list") && completed.contains("check"), "{completed}");
}

/// There is nothing here that could build it.
#[test]
fn the_container_is_made_of_what_there_is() {
    let recipe = fs::read_to_string(root().join("configs/container/Containerfile")).unwrap();
    let sources: Vec<_> = recipe.lines().filter_map(|line| line.strip_prefix("COPY --from=build /src/")).collect();
    assert!(sources.len() >= 3, "{recipe}");
    for source in sources {
        let source = source.split_whitespace().next().unwrap();
        let found = match source.strip_prefix("target/dist/") {
            Some(built) => dist().join(built),
            None => root().join(source),
        };
        assert!(found.exists(), "{}", found.display());
    }
    assert!(recipe.contains("\nUSER 9292:9292\n"), "{recipe}");
}
