use super::ServiceCommand;
use crate::exit::{Exit, Failure, Result};

pub(crate) fn run(_command: &ServiceCommand) -> Result<()> {
    let text = "`casement service` is for Windows; here systemd runs the service: docs/operators/install-linux.md";
    Err(Failure::new(Exit::Usage, text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    #[test]
    fn elsewhere_the_command_says_that_it_is_for_windows() {
        for verb in ["uninstall", "start", "stop", "status"] {
            let Command::Service(command) = Cli::try_parse_from(["casement", "service", verb]).unwrap().command else {
                panic!("{verb}");
            };
            let refusal = run(&command).unwrap_err();
            assert!(refusal.exit == Exit::Usage && refusal.to_string().contains("for Windows"), "{refusal}");
        }
    }
}
