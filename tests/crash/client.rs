//! Requests to a gateway that may die of them, with what they mean for the ledger.

use crate::ledger::{Content, Ledger, State};
use casement_tests::{Answer, Client, Gateway};
use serde_json::{Value, json};
use std::{
    io::{self, Read},
    time::Duration,
};

/// Longer than any answer takes. A connection to a gateway that was killed does not always break: under Wine, its server now
/// and then holds the socket of a process that is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// The gateway is gone.
#[derive(Debug)]
pub(crate) struct Gone;

pub(crate) type Told<T = Answer> = Result<T, Gone>;

/// One client who keeps the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Keeper<'a> {
    pub(crate) client: Client,
    pub(crate) ledger: &'a Ledger,
}

/// How an upload is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) store: &'static str,
    pub(crate) says_size: bool,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(gateway: &Gateway, ledger: &'a Ledger) -> Self {
        Self { client: gateway.member().with_deadline(PATIENCE), ledger }
    }

    /// A request with a JSON body.
    pub(crate) fn send(&self, method: &str, path: &str, media_type: &str, body: &Value) -> Told {
        let body = body.to_string();
        let request = self.client.request(method, path).header("Content-Type", media_type);
        request.stream(body.len() as u64, body.as_bytes()).map_err(|_| Gone)
    }

    pub(crate) fn create(&self, disk_format: &str) -> Told<String> {
        let record = json!({"name": "n", "disk_format": disk_format, "container_format": "bare"});
        let answer = self.send("POST", "/v2/images", "application/json", &record)?.expect(201);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        self.ledger.may_be(&id, &[State::Queued]);
        Ok(id)
    }

    /// Sends data to a queued image.
    pub(crate) fn upload(&self, id: &str, content: Content, way: Way) -> Told {
        self.ledger.may_be(id, &[State::Queued, State::Active(content)]);
        let answer = self.put(id, content, way)?;
        match answer.status {
            204 => self.ledger.may_be(id, &[State::Active(content)]),
            400..500 => self.ledger.may_be(id, &[State::Queued]),
            // The gateway itself may not know whether the last step was done.
            _ => {}
        }
        Ok(answer)
    }

    /// Sends data and notes nothing.
    pub(crate) fn put(&self, id: &str, content: Content, way: Way) -> Told {
        let (pattern, request) = (content.pattern(), self.client.data_request(id));
        let request = request.header("X-Image-Meta-Store", way.store);
        let sent = if way.says_size {
            request.stream(content.len, pattern.reader())
        } else {
            request.chunked(pattern.reader())
        };
        sent.map_err(|_| Gone)
    }

    /// Begins an upload and goes away in the middle of it.
    pub(crate) fn cut_off(&self, id: &str, content: Content, store: &str) {
        let request = self.client.data_request(id).header("X-Image-Meta-Store", store);
        let half = content.pattern().part(0, content.len / 2).chain(Cut);
        assert!(request.stream(content.len, half).is_err(), "half an upload was answered");
    }

    pub(crate) fn delete(&self, id: &str) -> Told {
        self.ledger.or_gone(id);
        let answer = self.client.request("DELETE", &format!("/v2/images/{id}")).try_send().map_err(|_| Gone)?;
        if answer.status == 204 {
            self.ledger.may_be(id, &[State::Gone]);
        }
        Ok(answer)
    }
}

/// A source that breaks.
struct Cut;

impl Read for Cut {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}
