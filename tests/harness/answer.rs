use serde_json::Value;
use std::fmt;

/// A whole HTTP response.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// The sentence of an error body, whatever its format: markup away, white space folded.
    pub fn message(&self) -> String {
        let text = match serde_json::from_slice::<Value>(&self.body) {
            Ok(Value::Object(error)) => error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
            _ => self.text().split_once("\n\n").map_or_else(|| self.text(), |(_, message)| message.to_owned()),
        };
        text.replace("<br />", " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Holds status and message of a refusal. A message that ends in `…` is a beginning.
    #[track_caller]
    pub fn refused(self, what: &str, status: u16, message: &str) -> Self {
        let got = self.message();
        let fits = match message.strip_suffix('…') {
            Some(beginning) => got.starts_with(beginning.trim_end()),
            None => got == message,
        };
        assert!(
            self.status == status && fits,
            "{what}\n  wanted {status} {message}\n  got    {} {got}\n{self:?}",
            self.status
        );
        self
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "HTTP {}", self.status)?;
        for (key, value) in &self.headers {
            writeln!(f, "{key}: {value}")?;
        }
        let shown = &self.body[..self.body.len().min(2000)];
        write!(f, "\n{}", String::from_utf8_lossy(shown))
    }
}
