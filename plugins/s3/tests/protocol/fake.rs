//! S3 in memory, as far as a store needs it.

use crate::server::{Request, Response};
use md5::{Digest, Md5};
use std::{collections::BTreeMap, fmt::Write};

const LATER: &str = "2026-01-01T00:00:00.000Z";

#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) objects: BTreeMap<String, Object>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    pub(crate) has_no_bucket: bool,
    begun: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) data: Vec<u8>,
    pub(crate) etag: String,
}

#[derive(Debug, Default)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) parts: BTreeMap<u32, Vec<u8>>,
}

impl Object {
    pub(crate) fn new(data: impl Into<Vec<u8>>) -> Self {
        let data = data.into();
        Self { etag: format!("\"{}\"", hex::encode(Md5::digest(&data))), data }
    }
}

impl Fake {
    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        if self.has_no_bucket && request.operation != "CreateBucket" {
            return error(404, "NoSuchBucket", "");
        }
        let key = &*request.key;
        match request.operation {
            "CreateBucket" => {
                self.has_no_bucket = false;
                Response::new(200)
            }
            "HeadBucket" => Response::new(200),
            "ListObjectsV2" => self.list(request),
            "HeadObject" | "GetObject" => self.get(request),
            "PutObject" | "CopyObject" => self.put(request),
            "DeleteObject" => {
                self.objects.remove(key);
                Response::new(204)
            }
            "CreateMultipartUpload" => {
                self.begun += 1;
                let id = format!("upload-{}", self.begun);
                self.uploads.insert(id.clone(), Upload { key: key.to_owned(), ..Upload::default() });
                let body = format!("<UploadId>{id}</UploadId>");
                let answer = Response::xml(200, "InitiateMultipartUploadResult", &body);
                answer.repeat(request, "x-amz-checksum-algorithm")
            }
            "ListMultipartUploads" => {
                let mut body = String::new();
                for (id, upload) in &self.uploads {
                    let key = &upload.key;
                    write!(
                        body,
                        "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>{LATER}</Initiated></Upload>"
                    )
                    .unwrap();
                }
                Response::xml(200, "ListMultipartUploadsResult", &body)
            }
            _ => self.in_upload(request),
        }
    }

    fn list(&self, request: &Request) -> Response {
        let (prefix, after) = (request.query("prefix"), request.query("start-after"));
        let mut body = String::new();
        for (key, object) in &self.objects {
            if key.starts_with(&prefix) && *key > after {
                let size = object.data.len();
                write!(body, "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>").unwrap();
            }
        }
        Response::xml(200, "ListBucketResult", &body)
    }

    fn get(&self, request: &Request) -> Response {
        let Some(object) = self.objects.get(&request.key) else { return error(404, "NoSuchKey", "") };
        if request.header("if-match").is_some_and(|wanted| wanted != object.etag) {
            return error(412, "PreconditionFailed", "");
        }
        let size = object.data.len();
        let answer =
            Response::new(200).with("ETag", &object.etag).with("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        let Some((first, last)) = request.range() else { return answer.body(object.data.clone()) };
        if first >= size {
            return error(416, "InvalidRange", "");
        }
        let last = last.min(size - 1);
        let mut answer = answer.with("Content-Range", &format!("bytes {first}-{last}/{size}"));
        answer.status = 206;
        answer.body(object.data[first..=last].to_vec())
    }

    fn put(&mut self, request: &Request) -> Response {
        if let Some(source) = request.header("x-amz-copy-source") {
            let source = source.rsplit('/').next().unwrap();
            let Some(object) = self.objects.get(source).cloned() else { return error(404, "NoSuchKey", "") };
            let body = format!("<ETag>{}</ETag>", object.etag);
            self.objects.insert(request.key.clone(), object);
            return Response::xml(200, "CopyObjectResult", &body);
        }
        if request.header("if-none-match") == Some("*") && self.objects.contains_key(&request.key) {
            return error(412, "PreconditionFailed", "");
        }
        let object = Object::new(request.body.clone());
        let answer = Response::new(200).with("ETag", &object.etag);
        self.objects.insert(request.key.clone(), object);
        answer
    }

    fn in_upload(&mut self, request: &Request) -> Response {
        let id = request.query("uploadId");
        let Some(upload) = self.uploads.get_mut(&id) else { return error(404, "NoSuchUpload", "") };
        match request.operation {
            "UploadPart" => {
                let number = request.query("partNumber").parse().unwrap();
                let etag = Object::new(request.body.clone()).etag;
                upload.parts.insert(number, request.body.clone());
                Response::new(200).with("ETag", &etag)
            }
            "ListParts" => {
                let mut body = String::new();
                for number in upload.parts.keys() {
                    write!(body, "<Part><PartNumber>{number}</PartNumber><LastModified>{LATER}</LastModified></Part>")
                        .unwrap();
                }
                Response::xml(200, "ListPartsResult", &body)
            }
            "AbortMultipartUpload" => {
                self.uploads.remove(&id);
                Response::new(204)
            }
            "CompleteMultipartUpload" => self.complete(request, &id),
            other => panic!("the fake has no {other}"),
        }
    }

    fn complete(&mut self, request: &Request, id: &str) -> Response {
        if request.header("if-none-match") == Some("*") && self.objects.contains_key(&request.key) {
            return error(412, "PreconditionFailed", "");
        }
        let upload = &self.uploads[id];
        let told = String::from_utf8_lossy(&request.body);
        let parts: Vec<_> = upload.parts.values().cloned().collect();
        let sums: Vec<_> = parts.iter().map(Md5::digest).collect();
        let is_told = |sum: &[u8]| told.contains(&hex::encode(sum));
        if !sums.iter().all(|sum| is_told(sum)) {
            return error(400, "InvalidPart", "");
        }
        let etag = format!("\"{}-{}\"", hex::encode(Md5::digest(sums.concat())), parts.len());
        let body = format!("<ETag>{etag}</ETag>");
        self.objects.insert(request.key.clone(), Object { data: parts.concat(), etag });
        self.uploads.remove(id);
        Response::xml(200, "CompleteMultipartUploadResult", &body)
    }
}

/// A refusal, as S3 writes it.
pub(crate) fn error(status: u16, code: &str, further: &str) -> Response {
    Response::xml(status, "Error", &format!("<Code>{code}</Code><Message>In the service's words.</Message>{further}"))
}
