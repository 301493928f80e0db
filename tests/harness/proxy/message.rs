//! Heads and bodies of HTTP/1.1, as far as they must be known to be passed on.

use std::io::{self, BufRead, Error, Read, Write};

/// The lines of a head, each with its end.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) lines: Vec<String>,
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Length(u64),
    Chunked,
    /// By the end of the connection.
    Rest,
}

impl Head {
    /// The next one; `None` at the end of the connection.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        loop {
            let line = line(from)?;
            match line.as_str() {
                "" if lines.is_empty() => return Ok(None),
                "" => return Err(Error::other("half a head")),
                "\r\n" => return Ok(Some(Self { lines })),
                _ => lines.push(line),
            }
        }
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all((self.lines.concat() + "\r\n").as_bytes())
    }

    /// The words of its first line.
    pub(super) fn word(&self, index: usize) -> &str {
        self.lines.first().and_then(|line| line.split_whitespace().nth(index)).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let fields = self.lines.iter().filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(super) fn replace(&mut self, name: &str, value: &str) {
        let is_it = |line: &String| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        for line in self.lines.iter_mut().filter(|line| is_it(line)) {
            *line = format!("{name}: {value}\r\n");
        }
    }

    pub(super) fn closes(&self) -> bool {
        self.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    pub(super) fn request_body(&self) -> Body {
        self.body().unwrap_or(Body::Length(0))
    }

    pub(super) fn answer_body(&self, method: &str) -> Body {
        match self.word(1) {
            "204" | "304" => Body::Length(0),
            _ if method == "HEAD" => Body::Length(0),
            _ => self.body().unwrap_or(Body::Rest),
        }
    }

    fn body(&self) -> Option<Body> {
        if self.header("Transfer-Encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Some(Body::Chunked);
        }
        self.header("Content-Length").and_then(|length| length.parse().ok()).map(Body::Length)
    }
}

impl Body {
    /// Passes on no more than so many bytes (whole chunks where there are chunks), and gives what is left.
    pub(super) fn pass(self, from: &mut impl BufRead, to: &mut impl Write, most: u64) -> io::Result<Option<Self>> {
        match self {
            Self::Length(length) => {
                exactly(from, to, length.min(most))?;
                Ok((length > most).then(|| Self::Length(length - most)))
            }
            Self::Rest => {
                let passed = io::copy(&mut from.by_ref().take(most), to)?;
                Ok((passed == most).then_some(self))
            }
            Self::Chunked => {
                let mut left = most;
                loop {
                    let size = line(from)?;
                    let length = u64::from_str_radix(size.trim().split(';').next().unwrap_or_default(), 16);
                    let length = length.map_err(Error::other)?;
                    to.write_all(size.as_bytes())?;
                    if length == 0 {
                        // Trailers, and an empty line.
                        while to_next(&line(from)?, to)? {}
                        return Ok(None);
                    }
                    exactly(from, to, length)?;
                    to_next(&line(from)?, to)?;
                    left = left.saturating_sub(length);
                    if left == 0 {
                        return Ok(Some(self));
                    }
                }
            }
        }
    }
}

/// Passes a line on; false if it was empty.
fn to_next(line: &str, to: &mut impl Write) -> io::Result<bool> {
    to.write_all(line.as_bytes())?;
    Ok(!matches!(line, "\r\n" | ""))
}

fn exactly(from: &mut impl BufRead, to: &mut impl Write, length: u64) -> io::Result<()> {
    let passed = io::copy(&mut from.by_ref().take(length), to)?;
    if passed == length { Ok(()) } else { Err(Error::other("half a body")) }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.read_until(b'\n', &mut line)?;
    String::from_utf8(line).map_err(Error::other)
}
