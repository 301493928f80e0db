//! The gateway as a service of Windows' Service Control Manager.

use casement_tests::{ADMIN, MEMBER, Pattern, Runner, Service, Site, eventually_true};
use std::{fs, process::Command};

const USAGE: Option<i32> = Some(64);
const TEMPORARY: Option<i32> = Some(75);
const CONFIG: Option<i32> = Some(78);

fn site(test: &str) -> Option<Site> {
    let builder = crate::builder(&format!("windows::service::{test}"))?.filesystem("local", None, "default = true");
    let text = builder.config();
    Some(builder.site(&text))
}

/// What a program of Windows itself says.
fn windows(program: &str, arguments: &[&str]) -> String {
    let mut command = match Runner::chosen() {
        Runner::Wine => Command::new("wine"),
        Runner::Native => Command::new("cmd"),
    };
    if Runner::chosen() == Runner::Native {
        command.arg("/c");
    }
    let output = command.arg(program).args(arguments).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_service_is_installed_started_used_stopped_and_removed() {
    let Some(site) = site("life") else { return };
    let _others = crate::among_services();
    let mut service = Service::install(site, "life", &[]);
    let status = service.run(&["status"]);
    assert!(status.code == TEMPORARY && status.text.contains("stopped"), "{}", status.text);

    service.start();
    let status = service.run(&["status"]);
    assert!(status.code == Some(0) && status.text.contains("running"), "{}", status.text);
    assert_eq!(service.run(&["start"]).code, Some(0), "it runs already");
    let data = Pattern::new(1, 4 << 20).bytes();
    let id = service.client(&MEMBER).create_active("n", &data);
    assert!(service.client(&MEMBER).download(&id).expect(200).body == data);

    for _ in 0..2 {
        assert_eq!(service.run(&["stop"]).code, Some(0));
    }
    let status = service.run(&["status"]);
    assert!(status.code == TEMPORARY && status.text.contains("stopped, without an error"), "{}", status.text);
    service.start();
    assert!(service.client(&MEMBER).download(&id).expect(200).body == data);

    let run = service.run(&["uninstall"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(service.run(&["status"]).code, USAGE);
    assert!(service.site().folder().join("images/local").join(&id).is_file(), "data stays");
    assert!(service.site().config().is_file(), "the configuration stays");
}

#[test]
fn a_stop_lets_an_upload_come_to_its_end() {
    let Some(site) = site("stop") else { return };
    let _others = crate::among_services();
    let mut service = Service::install(site, "stop", &[]);
    service.start();
    let data = Pattern::new(2, 4 << 20).bytes();
    let member = service.client(&MEMBER);
    let id = member.create_raw("n");
    let mut raw = service.raw();
    raw.begin_upload(&id, data.len() as u64, &[]);
    raw.send(&data[..1 << 20]);
    eventually_true("the upload has begun", || member.status(&id) == "saving");

    // As `sc stop` does it: the order is given, and nobody waits.
    windows("sc", &["stop", service.name()]);
    eventually_true("the service has heard", || service.log().contains("no new requests"));
    let status = service.run(&["status"]);
    assert!(status.text.contains("stopping"), "{}", status.text);
    raw.send(&data[1 << 20..]);
    raw.answer().unwrap().expect(204);
    assert_eq!(service.run(&["stop"]).code, Some(0));

    service.start();
    assert!(service.client(&MEMBER).download(&id).expect(200).body == data);
    assert_eq!(service.client(&ADMIN).status(&id), "active");
}

#[test]
fn a_service_has_workers_which_are_replaced_at_a_reload_and_end_with_it() {
    let Some(builder) = crate::builder("windows::service::workers") else { return };
    let builder = builder.server("workers = 2").filesystem("local", None, "default = true");
    let text = builder.config();
    let _others = crate::among_services();
    let mut service = Service::install(builder.site(&text), "workers", &[]);
    service.start();
    let data = Pattern::new(3, 4 << 20).bytes();
    let member = service.client(&MEMBER);
    let id = member.create_active("n", &data);
    eventually_true("all workers serve", || service.log().contains("worker 2 serves"));

    let config = Runner::chosen().path(service.site().config());
    let run = service.site().run_arguments(&["reload", "--config", &config]);
    assert!(run.code == Some(0) && run.text.contains("worker 2: replaced by worker 4"), "{}", run.text);
    assert!(member.download(&id).expect(200).body == data);

    assert_eq!(service.run(&["stop"]).code, Some(0));
    assert!(service.log().lines().last().unwrap().contains("stopped"), "{}", service.log());
    service.start();
    assert!(service.client(&MEMBER).download(&id).expect(200).body == data);
}

/// Orders a service to look at its parameters again.
#[track_caller]
fn paramchange(service: &Service) {
    let runner = Runner::chosen();
    if runner == Runner::Native {
        windows("sc.exe", &["control", service.name(), "paramchange"]);
        return;
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/windows/paramchange.c");
    let program = service.site().folder().join("paramchange.exe");
    let mut compiler = runner.c_compiler();
    let output = compiler.arg(source).arg("-o").arg(&program).output().unwrap();
    assert!(output.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&output.stderr));
    let output = runner.command(&program).arg(service.name()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_control_paramchange_has_a_service_read_its_configuration_again() {
    let Some(site) = site("paramchange") else { return };
    let _others = crate::among_services();
    let mut service = Service::install(site, "paramchange", &[]);
    service.start();
    let member = service.client(&MEMBER);
    let id = member.create_raw("n");
    let (file, heard) = (service.site().config().to_owned(), || service.log());
    let good = fs::read_to_string(&file).unwrap();

    fs::write(&file, format!("{good}\n[images]\nsize_cap_bytes = 5\n")).unwrap();
    paramchange(&service);
    eventually_true("the service goes by it", || heard().contains("reload: images.size_cap_bytes: changed"));
    member.upload(&id, b"0123456789").expect(413);

    fs::write(&file, format!("{good}\n[nonsense]\n")).unwrap();
    paramchange(&service);
    eventually_true("the service says why it does not", || heard().contains("reload: nothing has changed: "));
    member.upload(&id, b"0123456789").expect(413);

    fs::write(&file, good).unwrap();
    paramchange(&service);
    eventually_true("it is as it was", || member.upload(&id, b"0123456789").status == 204);
}

#[test]
fn why_a_service_does_not_come_up_is_told() {
    let Some(site) = site("broken") else { return };
    let _others = crate::among_services();
    let service = Service::install(site, "broken", &[]);
    let config = service.site().config();
    fs::write(config, fs::read_to_string(config).unwrap() + "\n[nonsense]\n").unwrap();
    let run = service.run(&["start"]);
    assert_eq!(run.code, TEMPORARY, "{}", run.text);
    assert!(run.text.contains("exit code 78: the configuration is wrong"), "{}", run.text);
    let status = service.run(&["status"]);
    assert!(status.text.contains("stopped, with exit code 78"), "{}", status.text);
}

#[test]
fn a_service_with_a_bad_configuration_or_account_is_not_installed() {
    let Some(site) = site("bad") else { return };
    let _others = crate::among_services();
    let config = Runner::chosen().path(site.config());
    let install = |arguments: &[&str]| {
        let name = format!("Casement-bad-{}", std::process::id());
        let run = site.run_arguments(&[&["service", "install", "--name", &name, "--config"], arguments].concat());
        assert_eq!(site.run_arguments(&["service", "status", "--name", &name]).code, USAGE, "{}", run.text);
        run
    };
    assert_eq!(install(&["missing.toml"]).code, CONFIG);
    for account in ["nobody", r"CORP\casement"] {
        let run = install(&[&config, "--account", account]);
        assert!(run.code == USAGE && run.text.contains(account), "{}", run.text);
    }
}

#[test]
fn a_service_is_changed_where_it_is_told_and_stays_as_it_is_where_not() {
    let Some(site) = site("change") else { return };
    let _others = crate::among_services();
    let service = Service::install(site, "change", &["--account", "LocalService", "--start", "manual"]);
    assert_eq!(service.install_again(&["--depends-on", "RpcSs"]).code, Some(0));
    let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{}", service.name());
    let config = windows("reg", &["query", &key]).to_lowercase();
    let on_demand = "0x3";
    for expected in ["localservice", on_demand, "rpcss", "service run --name"] {
        assert!(config.contains(expected), "{expected}: {config}");
    }
}

#[test]
fn the_source_of_events_comes_and_goes_with_the_service() {
    let Some(site) = site("events") else { return };
    let _others = crate::among_services();
    let service = Service::install(site, "events", &[]);
    let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\{}", service.name());
    let source = windows("reg", &["query", &key]);
    assert!(source.contains("EventMessageFile") && source.contains("EventCreate.exe"), "{source}");
    assert_eq!(service.run(&["uninstall"]).code, Some(0));
    let source = windows("reg", &["query", &key]);
    assert!(!source.contains("EventMessageFile"), "{source}");
}

#[test]
fn what_the_service_control_manager_starts_is_of_no_use_on_a_console() {
    let Some(site) = site("console") else { return };
    let _alone = crate::without_services();
    let config = Runner::chosen().path(site.config());
    let run = site.run_arguments(&["service", "run", "--name", "Casement", "--config", &config]);
    assert!(run.code == USAGE && run.text.contains("casement serve"), "{}", run.text);
}
