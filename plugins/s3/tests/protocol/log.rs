//! What is logged.

use crate::{
    fake::error,
    server::{Fate, Server},
    support::{PART, SECRET, assert_passed, in_a_process_of_its_own, read, secret_file, write},
};
use casement_sdk::Backend;
use serde_json::json;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Also not by the library, at the most talkative level.
#[tokio::test]
async fn no_secret_and_no_data_is_logged() {
    // What nobody listens to in the other tests is not asked for again by this one.
    if let Some(child) = in_a_process_of_its_own("log::no_secret_and_no_data_is_logged", &[]) {
        return assert_passed(&child);
    }
    let lines = Lines::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).init();
    let server = Server::start(|request, before| match (request.operation, before) {
        ("UploadPart", 0) => Fate::Refused(error(403, "SignatureDoesNotMatch", "")),
        _ => Fate::Done,
    });
    let store = server.store_with(json!({"session_token_file": secret_file("token")})).await;
    write(&store, "x", PART + 1).await.unwrap_err();
    write(&store, "x", 100).await.unwrap();
    read(&store, "x", 0, None).await.unwrap();
    let url = store.presign_read("x", Duration::from_secs(60)).await.unwrap();
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("PutObject"), "the library logs here");
    let signature = url.rsplit("X-Amz-Signature=").next().unwrap();
    for secret in [SECRET, "session-token", signature] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
