//! Sockets that systemd has opened.

use crate::wrapped;
use casement_tests::{Builder, Gateway, Site};
use std::{
    net::{TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::Stdio,
    sync::Arc,
};

/// The socket that is the shell's standard input becomes descriptor 3, as systemd passes it to this very process.
const PASS: &str = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";

fn builder() -> Builder {
    Gateway::builder().filesystem("local", None, "default = true")
}

fn start(site: Arc<Site>, socket: &TcpListener) -> Gateway {
    let socket = OwnedFd::from(socket.try_clone().unwrap());
    Gateway::start_as(site, |command| {
        let mut command = wrapped(PASS, &command);
        command.stdin(Stdio::from(socket));
        command
    })
}

#[test]
fn a_socket_that_was_passed_is_served_in_place_of_the_configured_address() {
    is_served_in_place_of_the_configured_address(builder());
}

#[test]
fn a_socket_that_was_passed_is_served_by_workers_too() {
    is_served_in_place_of_the_configured_address(builder().server("workers = 2"));
}

#[track_caller]
fn is_served_in_place_of_the_configured_address(builder: Builder) {
    let (passed, taken) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = passed.local_addr().unwrap();
    // It could not listen there.
    let text = builder.config().replace("127.0.0.1:0", &taken.local_addr().unwrap().to_string());
    let site = Arc::new(builder.site(&text));
    // Whoever comes before the service does is served by it.
    let early = TcpStream::connect(address).unwrap();
    let gateway = start(Arc::clone(&site), &passed);
    assert_eq!(gateway.address(), address.to_string());
    let id = gateway.member().create_active("kept", b"0123456789");
    drop(early);

    // And between two services nobody is refused.
    assert_eq!(gateway.terminate().0, Some(0));
    let waiting = TcpStream::connect(address).unwrap();
    let gateway = start(site, &passed);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    drop(waiting);
}

#[test]
fn what_was_passed_for_another_process_is_left_alone() {
    let passed = TcpListener::bind("127.0.0.1:0").unwrap();
    let builder = builder();
    let text = builder.config();
    let site = Arc::new(builder.site(&text));
    let gateway = Gateway::start_as(site, |command| {
        let mut command = wrapped(&PASS.replace("$$", "1"), &command);
        command.stdin(Stdio::from(OwnedFd::from(passed.try_clone().unwrap())));
        command
    });
    assert_ne!(gateway.address(), passed.local_addr().unwrap().to_string());
}

#[test]
fn what_is_no_tcp_socket_is_refused_with_its_reason() {
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let builder = builder();
    let text = builder.config();
    let site = builder.site(&text);
    let run = site.run_as(&["serve", "--config", site.config().to_str().unwrap()], |command| {
        let mut command = wrapped(PASS, &command);
        command.stdin(Stdio::from(OwnedFd::from(socket)));
        command
    });
    assert_eq!(run.code, Some(78), "{}", run.text);
    assert!(run.text.contains("the service manager passed"), "{}", run.text);
}
