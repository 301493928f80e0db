//! The expected bodies are what Glance 33 answers.

use super::*;
use http::header::HeaderName;

fn asked(method: Method, headers: &[(HeaderName, &str)]) -> Asked {
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect();
    Asked::of(&method, &headers)
}

fn render(asked: &Asked, failure: &Failure) -> (&'static str, String) {
    asked.render(failure, title(failure.status))
}

fn body(accept: &str, failure: &Failure) -> String {
    render(&asked(Method::GET, &[(ACCEPT, accept)]), failure).1
}

fn not_found(message: &str) -> Failure {
    Failure::new(StatusCode::NOT_FOUND, message)
}

#[test]
fn the_form_follows_the_accept_header() {
    for (accept, want) in [
        ("", Form::Plain),
        ("text/plain", Form::Plain),
        ("image/png", Form::Plain),
        ("*/*;q=0", Form::Plain),
        (", ,", Form::Plain),
        ("text/html;level=1", Form::Plain),
        ("application/json;charset=utf-8", Form::Plain),
        ("*/*", Form::Html),
        ("text/html", Form::Html),
        ("TEXT/HTML", Form::Html),
        ("text/*", Form::Html),
        ("text/plain, */*;q=0.5", Form::Html),
        ("application/json;q=0.5, text/html;q=0.6", Form::Html),
        ("application/json;q=0.9,*/*;q=0.9", Form::Html),
        ("application/json, */*;q=0.9", Form::Json),
        ("garbage", Form::Html),
        ("a<b>", Form::Html),
        (" ", Form::Html),
        ("application/json;q=2", Form::Html),
        ("application/json", Form::Json),
        ("application/*", Form::Json),
        ("application/json, text/plain", Form::Json),
        ("*/*, text/html;q=0", Form::Json),
    ] {
        assert_eq!(form(accept), want, "{accept:?}");
    }
    assert_eq!(asked(Method::GET, &[]).form, Form::Plain);
}

#[test]
fn a_message_has_these_three_forms() {
    let failure = not_found("No image found with ID x");
    assert_eq!(
        render(&asked(Method::GET, &[]), &failure),
        ("text/plain; charset=UTF-8", "404 Not Found\n\nNo image found with ID x\n\n   ".to_owned())
    );
    assert_eq!(
        render(&asked(Method::GET, &[(ACCEPT, "*/*")]), &failure),
        (
            "text/html; charset=UTF-8",
            "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  No image found with ID x\
             <br /><br />\n\n\n\n </body>\n</html>"
                .to_owned()
        )
    );
    assert_eq!(
        render(&asked(Method::GET, &[(ACCEPT, "application/json")]), &failure),
        (
            "application/json",
            r#"{"message": "No image found with ID x<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}"#.to_owned()
        )
    );
}

#[test]
fn html_is_escaped_and_plain_text_loses_its_tags() {
    let failure = not_found("No image found with ID a<b&\"'\u{e9}>x<br>y");
    assert!(body("*/*", &failure).contains("ID a&lt;b&amp;&quot;&#x27;&#233;&gt;x&lt;br&gt;y<br /><br />\n"));
    assert_eq!(body("", &failure), "404 Not Found\n\nNo image found with ID ax\ny\n\n   ");
    assert!(body("application/json", &failure).contains(r#"ID a<b&\"'"#));
}

#[test]
fn a_message_that_glance_passed_as_detail_comes_after_the_generic_sentence() {
    let failure = |status, message: &str| Failure { generic_lead: true, ..Failure::new(status, message) };
    assert_eq!(
        body("", &failure(StatusCode::FORBIDDEN, "Attribute 'deleted' is reserved.")),
        "403 Forbidden\n\nAccess was denied to this resource.\n\n Attribute 'deleted' is reserved.  "
    );
    assert_eq!(
        body("", &failure(StatusCode::CONFLICT, "Property nope does not exist.")),
        "409 Conflict\n\nThere was a conflict when trying to complete your request.\n\n Property nope does not exist.  "
    );
    let range = body("", &failure(StatusCode::RANGE_NOT_SATISFIABLE, "Invalid Range header."));
    assert_eq!(
        range,
        "416 Request Range Not Satisfiable\n\nThe Range requested is not available.\n\n Invalid Range header.  "
    );
    assert_eq!(range.len(), 98);
}

#[test]
fn statuses_with_templates_of_their_own_use_them() {
    let plain = |method: &str, content_type: Option<&str>, failure: &Failure| {
        let headers: Vec<_> = content_type.iter().map(|value| (CONTENT_TYPE, *value)).collect();
        render(&asked(Method::from_bytes(method.as_bytes()).expect("a method"), &headers), failure).1
    };
    assert_eq!(
        plain("PUT", None, &Failure::method_not_allowed("GET, POST")),
        "405 Method Not Allowed\n\nThe method PUT is not allowed for this resource. \n\n "
    );
    assert_eq!(
        plain("FOO", None, &Failure::bare(StatusCode::NOT_IMPLEMENTED)),
        "501 Not Implemented\n\n The request method FOO is not implemented for this server. \n\n "
    );
    let media = |message: &str| Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    assert_eq!(
        plain("PUT", Some("text/plain; charset=x"), &media("Invalid content type text/plain")),
        "415 Unsupported Media Type\n\nThe request media type text/plain; charset=x is not supported by this server. \n\n \
         Invalid content type text/plain"
    );
    assert_eq!(
        plain("PUT", None, &media("Invalid content type None")),
        "415 Unsupported Media Type\n\nThe request media type is not supported by this server. \n\n Invalid content type None"
    );
}

#[test]
fn an_answer_to_nobody_is_the_generic_sentence() {
    let failure = Failure::bare(StatusCode::UNAUTHORIZED);
    assert_eq!(body("", &failure).len(), 253);
    assert_eq!(body("*/*", &failure).len(), 358);
    assert_eq!(body("application/json", &failure).len(), 316);
}

#[test]
fn what_broke_inside_does_not_reach_the_client() {
    let mut error = casement_service::Error::new(
        casement_service::Kind::Internal,
        casement_service::Side::Store,
        "disk /dev/sda died",
    );
    error.cause = Some("EIO".into());
    assert_eq!(
        body("", &error.into()),
        "500 Internal Server Error\n\nThe server has either erred or is incapable of performing the requested operation.\n\n   "
    );
}

#[test]
fn the_reason_and_the_headers_of_a_failure_reach_the_response() {
    let finish = |failure: Failure| asked(Method::GET, &[]).finish(failure.into_response());
    let response = finish(Failure::method_not_allowed("GET, PUT"));
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("GET, PUT"))
    );
    let reason =
        |response: &Response| response.extensions().get::<ReasonPhrase>().map(|reason| reason.as_bytes().to_vec());
    assert_eq!(reason(&response), None);
    let response = finish(Failure::bare(StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(reason(&response).as_deref(), Some(&b"Request Entity Too Large"[..]));
}

#[test]
fn an_outage_tells_when_to_come_back() {
    use casement_service::{Error, Kind, Side};
    use std::time::Duration;
    for (wait, want) in [
        (None, "5"),
        (Some(Duration::from_millis(1500)), "2"),
        (Some(Duration::ZERO), "1"),
        (Some(Duration::from_secs(30)), "30"),
    ] {
        let failure = Failure::from(Error {
            retry_after: wait,
            ..Error::new(Kind::Unavailable, Side::Store, "the store is down")
        });
        assert_eq!(failure.header, Some((http::header::RETRY_AFTER, HeaderValue::from_static(want))));
    }
}
