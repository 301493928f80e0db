//! A web server that is no S3: for what gives out credentials.

use casement_scripted_http::{Request, answer, serve};
use std::io::Write;

pub(crate) struct Web {
    port: u16,
}

impl Web {
    /// The script is told the request, and answers a type and a body.
    pub(crate) fn start(script: impl Fn(&Request) -> (&'static str, String) + Send + Sync + 'static) -> Self {
        let port = serve(Some, move |mut stream, mut request| {
            if request.read_body(&mut stream).is_none() {
                return;
            }
            let (kind, body) = script(&request);
            let headers = [("Content-Type", kind), ("x-aws-ec2-metadata-token-ttl-seconds", "21600")];
            stream.write_all(&answer("200 OK", &headers, body.as_bytes())).ok();
        });
        Self { port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
