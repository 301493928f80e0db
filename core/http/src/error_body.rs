//! Error bodies in the three forms of Glance (of webob, that is): clients parse them.

use crate::failure::Failure;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use hyper::ext::ReasonPhrase;
use std::fmt::Write;
use warp::reply::Response;

/// What of a request an error body depends on.
#[derive(Debug)]
pub(crate) struct Asked {
    method: Method,
    content_type: Option<String>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Html,
    Json,
}

impl Asked {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let text =
            |name| headers.get(name).map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Self { method: method.clone(), content_type: text(CONTENT_TYPE), form: form(&text(ACCEPT).unwrap_or_default()) }
    }

    /// Writes the failure that goes along with a response, if one does.
    pub(crate) fn finish(&self, mut response: Response) -> Response {
        let Some(failure) = response.extensions_mut().remove::<Failure>() else {
            return response;
        };
        let title = title(failure.status);
        let (content_type, body) = self.render(&failure, title);
        *response.body_mut() = body.into();
        if let Some((name, value)) = failure.header {
            response.headers_mut().insert(name, value);
        }
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if failure.status.canonical_reason() != Some(title) {
            response.extensions_mut().insert(ReasonPhrase::from_static(title.as_bytes()));
        }
        response
    }

    fn render(&self, failure: &Failure, title: &str) -> (&'static str, String) {
        let status = format!("{} {title}", failure.status.as_u16());
        match self.form {
            Form::Plain => {
                let body = strip_tags(&self.text(failure, str::to_owned));
                ("text/plain; charset=UTF-8", format!("{status}\n\n{body}"))
            }
            Form::Html => {
                let body = self.text(failure, escape);
                let page = format!(
                    "<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n  {body}\n </body>\n</html>"
                );
                ("text/html; charset=UTF-8", page)
            }
            Form::Json => {
                let [message, code, title] =
                    [&self.text(failure, str::to_owned), &status, title].map(serde_json::Value::from);
                ("application/json", format!(r#"{{"message": {message}, "code": {code}, "title": {title}}}"#))
            }
        }
    }

    /// The sentences, with the marks between them that webob's templates have.
    fn text(&self, failure: &Failure, escape: fn(&str) -> String) -> String {
        let message = &failure.message;
        match failure.status {
            StatusCode::METHOD_NOT_ALLOWED => {
                let lead = format!("The method {} is not allowed for this resource. ", self.method);
                format!("{}<br /><br />\n{}", escape(&lead), escape(message))
            }
            StatusCode::NOT_IMPLEMENTED => {
                let lead = format!("\nThe request method {} is not implemented for this server. ", self.method);
                format!("{}<br /><br />\n{}", escape(&lead), escape(message))
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let named = self.content_type.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
                let lead = format!("The request media type{named} is not supported by this server.\n");
                format!("{}<br /><br />\n{}", escape(&lead), escape(message))
            }
            status => {
                let generic = explanation(status);
                let (lead, detail) = match message.as_str() {
                    "" => (generic, ""),
                    message if failure.generic_lead => (generic, message),
                    message => (message, ""),
                };
                format!("{}<br /><br />\n{}\n\n", escape(lead), escape(detail))
            }
        }
    }
}

/// HTML where the client takes it, JSON where it takes only that, plain text for the rest.
fn form(accept: &str) -> Form {
    if accept.is_empty() {
        return Form::Plain;
    }
    let Some(ranges) = media_ranges(accept) else {
        return Form::Html;
    };
    let html = quality(&ranges, "text", "html");
    let json = quality(&ranges, "application", "json");
    if html > 0.0 && html >= json {
        Form::Html
    } else if json > 0.0 {
        Form::Json
    } else {
        Form::Plain
    }
}

/// Type, subtype and quality of one item in an Accept header; those with parameters match nothing that we write.
type MediaRange<'a> = (&'a str, &'a str, f32);

/// `None` where the header is malformed.
fn media_ranges(accept: &str) -> Option<Vec<MediaRange<'_>>> {
    let mut ranges = Vec::new();
    for item in accept.split(',').map(str::trim) {
        if item.is_empty() {
            // Stray commas are fine, but a header of nothing else than space is not.
            if accept.contains(',') {
                continue;
            } else {
                return None;
            }
        }
        let mut parts = item.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let (mut quality, mut parameters) = (1.0, false);
        for part in parts {
            let (name, value) = part.split_once('=')?;
            if name.eq_ignore_ascii_case("q") {
                quality = value.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
            } else {
                parameters = true;
            }
        }
        if !parameters {
            ranges.push((kind, subtype, quality));
        }
    }
    Some(ranges)
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The quality that the most specific matching range gives, 0 where none matches.
fn quality(ranges: &[MediaRange<'_>], kind: &str, subtype: &str) -> f32 {
    let specificity = |range: &MediaRange<'_>| match (range.0, range.1) {
        (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(subtype) => 3,
        (k, "*") if k.eq_ignore_ascii_case(kind) => 2,
        ("*", "*") => 1,
        _ => 0,
    };
    let mut best = (0, 0.0);
    for range in ranges {
        let specificity = specificity(range);
        if specificity > best.0 {
            best = (specificity, range.2);
        }
    }
    best.1
}

/// `"` and `'` too, and every character beyond ASCII as a number.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            ascii if ascii.is_ascii() => escaped.push(ascii),
            // Writing to a string cannot fail.
            other => drop(write!(escaped, "&#{};", u32::from(other))),
        }
    }
    escaped
}

/// Line ends become blanks, `<br>` becomes a line end, other tags go away.
fn strip_tags(text: &str) -> String {
    let text = text.replace('\n', " ").replace('\r', "");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, tail)) = rest.split_once('<') {
        let Some((tag, after)) = tail.split_once('>') else {
            break;
        };
        plain.push_str(before);
        if tag.get(..2).is_some_and(|name| name.eq_ignore_ascii_case("br")) {
            plain.push('\n');
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        StatusCode::RANGE_NOT_SATISFIABLE => "Request Range Not Satisfiable",
        other => other.canonical_reason().unwrap_or("Error"),
    }
}

/// The generic sentence of a status.
fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => {
            "This server could not verify that you are authorized to access the document you requested. Either you supplied \
             the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials \
             required."
        }
        StatusCode::FORBIDDEN => "Access was denied to this resource.",
        StatusCode::NOT_FOUND => "The resource could not be found.",
        StatusCode::REQUEST_TIMEOUT => "The server has waited too long for the request to be sent by the client.",
        StatusCode::CONFLICT => "There was a conflict when trying to complete your request.",
        StatusCode::GONE => "This resource is no longer available. No forwarding address is given.",
        StatusCode::PRECONDITION_FAILED => "Request precondition failed.",
        StatusCode::PAYLOAD_TOO_LARGE => "The body of your request was too large for this server.",
        StatusCode::RANGE_NOT_SATISFIABLE => "The Range requested is not available.",
        StatusCode::TOO_MANY_REQUESTS => "The client has sent too many requests in a given amount of time.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "The request header fields were too large",
        StatusCode::SERVICE_UNAVAILABLE => "The server is currently unavailable. Please try again at a later time.",
        other if other.is_server_error() => {
            "The server has either erred or is incapable of performing the requested operation."
        }
        _ => "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    }
}

#[cfg(test)]
mod tests;
