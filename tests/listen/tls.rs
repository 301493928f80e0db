//! TLS: versions, certificates of clients, files that do not do, files that change.

use crate::{Authority, Curl, with_tls};
use casement_tests::{Raw, eventually, eventually_true, have_tool, skip};
use std::{fs, process::Command};

#[test]
fn tls_is_spoken_in_both_versions_beside_plain_http() {
    if !Curl::is_there("tls_is_spoken_in_both_versions_beside_plain_http") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "").start();
    let [plain, tls] = gateway.urls::<2>();
    assert!(plain.starts_with("http://") && tls.starts_with("https://"), "{plain} {tls}");
    let id = gateway.member().create_active("n", b"0123456789");
    for version in [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3", "--tls-max", "1.3"]] {
        let url = format!("{tls}/v2/images/{id}/file");
        let outcome = Curl::new(&url).trusting(&gateway).args(version).args(["--http1.1"]).run().expect(200, "1.1");
        assert_eq!(outcome.body, b"0123456789");
    }
    Curl::new(&format!("{}/v2/images", tls.replace("https", "http"))).run().expect_none();
    let old = ["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    Curl::new(&tls).trusting(&gateway).args(old).run().expect_none();
}

#[test]
fn a_minimum_version_keeps_older_ones_out() {
    if !Curl::is_there("a_minimum_version_keeps_older_ones_out") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "min_version = \"1.3\"").start();
    let [_, tls] = gateway.urls::<2>();
    Curl::new(&format!("{tls}/v2/images")).trusting(&gateway).args(["--http1.1"]).run().expect(200, "1.1");
    Curl::new(&tls).trusting(&gateway).args(["--tls-max", "1.2"]).run().expect_none();
}

#[test]
fn links_begin_with_https_where_tls_is_spoken() {
    if !Curl::is_there("links_begin_with_https_where_tls_is_spoken") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "").start();
    let [plain, tls] = gateway.urls::<2>();
    for version in ["--http1.1", "--http2"] {
        for url in [&plain, &tls] {
            let outcome = Curl::new(&format!("{url}/versions")).trusting(&gateway).args([version]).run();
            let link = outcome.json()["versions"][0]["links"][0]["href"].clone();
            assert_eq!(link, format!("{url}/v2/"), "{version} {outcome:?}");
        }
    }
}

#[test]
fn clients_show_certificates_where_they_must() {
    if !Curl::is_there("clients_show_certificates_where_they_must") {
        return;
    }
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (rule, without) in [("required", false), ("optional", true)] {
        let lines = format!("client_ca = \"authority.pem\"\nclient_certificates = \"{rule}\"");
        let gateway = with_tls(&authority, &lines).start();
        let folder = gateway.site().folder();
        authority.certificate().write(folder, "client");
        stranger.certificate().write(folder, "stranger");
        let [_, tls] = gateway.urls::<2>();
        for (name, comes_in) in [(None, without), (Some("client"), true), (Some("stranger"), false)] {
            for version in ["--http1.1", "--http2"] {
                let mut curl = Curl::new(&format!("{tls}/v2/images")).trusting(&gateway).args([version]);
                if let Some(name) = name {
                    let [certificate, key] = ["pem", "key"].map(|end| folder.join(format!("{name}.{end}")));
                    curl = curl.args(["--cert", certificate.to_str().unwrap(), "--key", key.to_str().unwrap()]);
                }
                let outcome = curl.run();
                assert_eq!(outcome.status == 200, comes_in, "{rule}, {name:?}, {version}: {outcome:?}");
            }
        }
    }
}

/// What `check` and `serve` say of these files.
fn complaint(certificate: &str, key: &str) -> String {
    let run = |check: bool| {
        let builder = with_tls(&Authority::new(), "").filesystem("local", None, "default = true");
        let builder = builder.file("server.pem", certificate).file("server.key", key);
        let run = if check { builder.check() } else { builder.serve_and_fail() };
        assert_eq!(run.code, Some(78), "{}", run.text);
        run.text.lines().find(|line| line.contains("server.")).unwrap_or_default().to_owned()
    };
    let (check, serve) = (run(true), run(false));
    let what = |line: &str| line.rsplit_once("server.").unwrap().1.to_owned();
    assert_eq!(what(&check), what(&serve));
    check
}

#[test]
fn files_that_do_not_do_are_named_and_told_what_to_do() {
    let authority = Authority::new();
    let (good, other) = (authority.certificate(), authority.certificate());
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";
    let half = &good.pem[..good.pem.len() / 2];
    for (certificate, key, file, expected) in [
        (&*good.pem, &*other.key, "server.key", "is not the key of the certificate in "),
        ("", &good.key, "server.pem", "has no certificate in the form of PEM"),
        (half, &good.key, "server.pem", "is damaged: "),
        (&good.key, &good.key, "server.pem", "has no certificate in the form of PEM"),
        (&good.pem, &good.pem, "server.key", "has no private key in the form of PEM"),
        (&good.pem, encrypted, "server.key", "the key is encrypted"),
        (&good.pem, older, "server.key", "the key is encrypted"),
    ] {
        let line = complaint(certificate, key);
        assert!(line.contains(&format!("{file}: {expected}")), "{file}, {expected}: {line}");
    }
}

#[test]
fn every_form_of_key_is_taken() {
    if !have_tool("openssl") {
        return skip("every_form_of_key_is_taken", "there is no openssl to write them");
    }
    for (title, arguments) in [
        ("PRIVATE KEY", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..]),
        ("RSA PRIVATE KEY", &["genrsa", "-traditional", "2048"]),
        ("EC PRIVATE KEY", &["ecparam", "-genkey", "-noout", "-name", "prime256v1"]),
        ("PRIVATE KEY", &["genpkey", "-algorithm", "ed25519"]),
    ] {
        let builder = with_tls(&Authority::new(), "").filesystem("local", None, "default = true");
        let [certificate, key] = ["server.pem", "server.key"].map(|name| builder.folder().join(name));
        let openssl = |arguments: &[&str]| {
            let output = Command::new("openssl").args(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        fs::write(&key, openssl(arguments)).unwrap();
        assert!(fs::read_to_string(&key).unwrap().starts_with(&format!("-----BEGIN {title}-----")), "{arguments:?}");
        let request = ["req", "-new", "-x509", "-subj", "/CN=localhost", "-key", key.to_str().unwrap()];
        fs::write(&certificate, openssl(&request)).unwrap();
        let run = builder.check();
        assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.text);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let builder = with_tls(&Authority::new(), "").filesystem("local", None, "default = true");
    fs::remove_file(builder.folder().join("server.key")).unwrap();
    let run = builder.check();
    assert_eq!(run.code, Some(78));
    assert!(run.text.contains("server.key: cannot be read: "), "{}", run.text);
}

#[test]
fn a_certificate_out_of_its_time_is_a_warning() {
    let authority = Authority::new();
    let expired = authority.certificate_with(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 2));
    let coming = authority.certificate_with(|params| {
        params.not_before = rcgen::date_time_ymd(4000, 1, 1);
        params.not_after = rcgen::date_time_ymd(4000, 1, 2);
    });
    for (certificate, expected) in [
        (expired, "server.pem: the certificate expired on Thu, 02 Jan 2020"),
        (coming, "holds only from Sat, 01 Jan 4000"),
    ] {
        let builder = || {
            let builder = with_tls(&authority, "").filesystem("local", None, "default = true");
            certificate.write(builder.folder(), "server");
            builder
        };
        let run = builder().check();
        assert_eq!(run.code, Some(0), "{}", run.text);
        assert!(run.text.lines().any(|line| line.starts_with("warning") && line.contains(expected)), "{}", run.text);
        let gateway = builder().start();
        assert!(gateway.log().text().contains(expected));
    }
}

#[test]
fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    if !Curl::is_there("a_renewed_certificate_is_taken_up_and_a_broken_one_is_not") {
        return;
    }
    let (first, second) = (Authority::new(), Authority::new());
    let gateway = with_tls(&first, "").start();
    let folder = gateway.site().folder();
    let [_, tls] = gateway.urls::<2>();
    second.write(folder, "second.pem");
    let trusts = |authority: &str| {
        let file = folder.join(authority);
        let curl = Curl::new(&format!("{tls}/v2/images")).args(["--http1.1", "--cacert", file.to_str().unwrap()]);
        curl.run().status == 200
    };
    assert!(trusts("authority.pem") && !trusts("second.pem"));

    second.certificate().write(folder, "server");
    eventually_true("the renewed certificate is in force", || trusts("second.pem"));
    assert!(!trusts("authority.pem"));

    first.certificate().write(folder, "server");
    fs::write(folder.join("server.key"), "none\n").unwrap();
    eventually("the broken key is told", || {
        let text = gateway.log().text();
        let told = text.contains("the certificate that was read before stays in force")
            && text.contains("server.key: has no private key");
        if told { Ok(()) } else { Err(text) }
    });
    assert!(trusts("second.pem"));
}

#[test]
fn a_client_that_does_not_shake_hands_is_cut() {
    let gateway = with_tls(&Authority::new(), "").start();
    let [_, tls] = gateway.urls::<2>();
    let address = tls.strip_prefix("https://").unwrap();
    // Nothing at all, and the beginning of a ClientHello.
    for beginning in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut silent = Raw::connect(address, None);
        silent.send(beginning);
        assert!(silent.is_closed());
    }
    gateway.member().get("/v2/images").expect(200);
}
