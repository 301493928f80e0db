//! The rules of `POST /v2/images/{id}/locations`.

use crate::{
    Error, Kind, Result,
    locations::{digest_len, hex_bytes},
    schema::{LOCATION, validate},
};
use serde_json::{Map, Value};

/// A location that a client gives to a queued image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedImport<'a> {
    pub url: &'a str,
    /// What the data is said to be.
    pub said: Option<Said<'a>>,
}

/// An algorithm, and the digest in hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a> {
    pub algorithm: &'a str,
    pub value: &'a str,
}

impl<'a> WantedImport<'a> {
    /// Reads a body that fits the schema.
    pub fn parse(body: &'a Value) -> Result<Self> {
        validate(&serde_json::json!({ "add_location": body }), &LOCATION)?;
        Ok(Self::of(body, "url"))
    }

    /// Reads the input of the task that a body became.
    pub fn of_task(input: &'a Value) -> Self {
        Self::of(input, "loc_url")
    }

    fn of(body: &'a Value, url: &str) -> Self {
        let data = body.get("validation_data");
        let text = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_str);
        let said = text("os_hash_algo").zip(text("os_hash_value"));
        Self {
            url: body.get(url).and_then(Value::as_str).unwrap_or_default(),
            said: said.map(|(algorithm, value)| Said { algorithm, value }),
        }
    }

    /// The input of the task, under Glance's names.
    pub fn task_input(&self, image: &str) -> Value {
        let mut said = Map::new();
        if let Some(Said { algorithm, value }) = self.said {
            said.insert("os_hash_algo".to_owned(), algorithm.into());
            said.insert("os_hash_value".to_owned(), value.into());
        }
        serde_json::json!({"image_id": image, "loc_url": self.url, "validation_data": said})
    }

    /// Whether what is said of the data can be so.
    pub fn check_digest(&self) -> Result<()> {
        let Some(Said { algorithm, value }) = self.said else { return Ok(()) };
        let want = digest_len(algorithm);
        if hex_bytes("os_hash_value", value, Kind::Invalid)? != want {
            return Err(Error::invalid(format!(
                "os_hash_value: ({value}) is not the correct size for ({algorithm}) (should be ({want}) bytes)"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_is_read_and_comes_back_from_the_task_that_it_became() {
        for body in [
            json!({"url": "http://x"}),
            json!({"url": "http://x", "validation_data": {}}),
            json!({"url": "http://x", "validation_data": {"os_hash_algo": "md5", "os_hash_value": "00"}, "more": 1}),
        ] {
            let wanted = WantedImport::parse(&body).unwrap();
            let input = wanted.task_input("i");
            assert_eq!((WantedImport::of_task(&input), &input["image_id"]), (wanted, &json!("i")));
        }
    }

    #[test]
    fn a_body_that_breaks_the_schema_is_refused_in_glances_words() {
        let with = |data: Value| json!({"url": "http://x", "validation_data": data});
        for (body, message) in [
            (json!({}), "'url' is a required property"),
            (json!([]), "[] is not of type 'object'"),
            (json!({"url": 5}), "5 is not of type 'string'"),
            (with(json!(null)), "None is not of type 'object'"),
            (with(json!({"os_hash_algo": "sha512"})), "'os_hash_value' is a dependency of 'os_hash_algo'"),
            (with(json!({"os_hash_value": "00"})), "'os_hash_algo' is a dependency of 'os_hash_value'"),
            (
                with(json!({"os_hash_algo": "crc", "os_hash_value": "00"})),
                "'crc' is not one of ['sha1', 'sha256', 'sha512', 'md5']",
            ),
            (with(json!({"checksum": "00"})), "Additional properties are not allowed ('checksum' was unexpected)"),
            (with(json!({"os_hash_value": true})), "'os_hash_algo' is a dependency of 'os_hash_value'"),
            (with(json!({"os_hash_algo": "md5", "os_hash_value": true})), "True is not of type 'string'"),
        ] {
            let message = format!("Provided object does not match schema 'location': {message}\n\nFailed validating ");
            let refused = WantedImport::parse(&body).unwrap_err().message;
            assert!(refused.starts_with(&message), "{refused}");
        }
    }

    #[test]
    fn a_digest_that_can_be_none_is_refused_in_glances_words() {
        for (algorithm, value, message) in [
            ("sha512", "zz", "os_hash_value (zz) is not a valid hexadecimal value"),
            ("sha512", "00", "os_hash_value: (00) is not the correct size for (sha512) (should be (64) bytes)"),
            ("sha1", "00", "os_hash_value: (00) is not the correct size for (sha1) (should be (20) bytes)"),
        ] {
            let wanted = WantedImport { url: "http://x", said: Some(Said { algorithm, value }) };
            assert_eq!(wanted.check_digest().unwrap_err(), Error::invalid(message));
        }
        for (algorithm, bytes) in [("md5", 16), ("sha1", 20), ("sha256", 32), ("sha512", 64)] {
            let value = "0a".repeat(bytes);
            assert_eq!(WantedImport { url: "x", said: Some(Said { algorithm, value: &value }) }.check_digest(), Ok(()));
        }
    }
}
