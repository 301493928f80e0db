//! systemd's notify protocol, with a socket of the test's own in place of systemd's.

use casement_tests::{Gateway, Site};
use rustix::process::{Pid, Signal, kill_process};
use std::{io::ErrorKind, net::TcpStream, os::unix::net::UnixDatagram, sync::Arc, time::Duration};

const PATIENCE: Duration = Duration::from_secs(30);

/// Who runs services here.
struct Manager {
    site: Arc<Site>,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        Self::of(1)
    }

    /// Of a service with so many processes.
    fn of(workers: usize) -> Self {
        let builder = Gateway::builder()
            .server("drain_timeout_seconds = 200")
            .server(&format!("workers = {workers}"))
            .filesystem("local", None, "default = true");
        let text = builder.config();
        let site = Arc::new(builder.site(&text));
        let socket = UnixDatagram::bind(site.folder().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { site, socket }
    }

    /// Starts a service; `variables` are of its environment.
    fn start(&self, variables: &[(&str, &str)]) -> Gateway {
        Gateway::start_as(Arc::clone(&self.site), |mut command| {
            command.env("NOTIFY_SOCKET", self.site.folder().join("notify")).envs(variables.iter().copied());
            command
        })
    }

    /// The next message that has this line.
    #[track_caller]
    fn hears(&self, line: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let len = self.socket.recv(&mut buffer).unwrap_or_else(|err| panic!("{line}: {err}; before: {before:?}"));
            let message: Vec<_> = String::from_utf8_lossy(&buffer[..len]).lines().map(str::to_owned).collect();
            if message.iter().any(|found| found == line) {
                return message;
            }
            before.push(message);
        }
    }

    /// Whether a message comes within this time.
    fn hears_anything(&self, within: Duration) -> bool {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let heard = self.socket.recv(&mut [0; 4096]);
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        match heard {
            Ok(_) => true,
            Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => false,
            Err(err) => panic!("{err}"),
        }
    }
}

fn send(gateway: &Gateway, signal: Signal) {
    kill_process(Pid::from_raw(gateway.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

/// The number after `key=` in a message.
#[track_caller]
fn number(message: &[String], key: &str) -> u64 {
    let found = message.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{key}: {message:?}")).parse().unwrap()
}

#[test]
fn the_manager_is_told_of_start_reload_and_stop() {
    tells_of_start_reload_and_stop(&Manager::new());
}

#[test]
fn a_supervisor_tells_the_manager_of_start_reload_and_stop_for_its_workers() {
    tells_of_start_reload_and_stop(&Manager::of(2));
}

#[track_caller]
fn tells_of_start_reload_and_stop(manager: &Manager) {
    let gateway = manager.start(&[]);
    let step = manager.hears("STATUS=opening the stores");
    assert!(number(&step, "EXTEND_TIMEOUT_USEC") >= 30_000_000, "{step:?}");
    manager.hears("READY=1");
    TcpStream::connect(gateway.address()).unwrap();

    send(&gateway, Signal::HUP);
    let reloading = manager.hears("RELOADING=1");
    assert!(number(&reloading, "MONOTONIC_USEC") > 0);
    manager.hears("READY=1");

    send(&gateway, Signal::TERM);
    let stopping = manager.hears("STOPPING=1");
    // As long as its configuration lets requests go on, and not only as long as the unit says.
    assert!(number(&stopping, "EXTEND_TIMEOUT_USEC") >= 200_000_000, "{stopping:?}");
    assert_eq!(gateway.ended().0, Some(0));
}

#[test]
fn a_watched_service_reports_itself_until_it_is_frozen() {
    reports_itself_until_it_is_frozen(&Manager::new());
}

#[test]
fn a_watched_supervisor_reports_itself_until_it_is_frozen() {
    reports_itself_until_it_is_frozen(&Manager::of(2));
}

#[track_caller]
fn reports_itself_until_it_is_frozen(manager: &Manager) {
    let gateway = manager.start(&[("WATCHDOG_USEC", "200000")]);
    manager.hears("READY=1");
    for _ in 0..3 {
        manager.hears("WATCHDOG=1");
    }
    send(&gateway, Signal::STOP);
    // What was on its way comes still.
    while manager.hears_anything(Duration::from_secs(1)) {}
    send(&gateway, Signal::CONT);
    manager.hears("WATCHDOG=1");
    assert_eq!(gateway.terminate().0, Some(0));
}

#[test]
fn who_is_watched_by_another_process_reports_nothing() {
    let manager = Manager::new();
    let gateway = manager.start(&[("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")]);
    manager.hears("READY=1");
    assert!(!manager.hears_anything(Duration::from_secs(1)));
    assert_eq!(gateway.terminate().0, Some(0));
}

#[test]
fn a_manager_that_does_not_listen_hinders_nothing() {
    let manager = Manager::new();
    let gateway = manager.start(&[("NOTIFY_SOCKET", "/nonexistent/notify"), ("WATCHDOG_USEC", "100000")]);
    gateway.member().create_active("kept", b"0123456789");
    assert_eq!(gateway.terminate().0, Some(0));
}
