//! Reading: what Swift keeps in segments it joins itself.

use crate::{account::Account, answer, client::Call, names::Place};
use casement_object::{Answer, Body, Source};
use casement_sdk::{Bytes, Result};
use reqwest::{
    Method, StatusCode,
    header::{IF_MATCH, RANGE},
};
use std::sync::Arc;

/// An object that can be asked for.
#[derive(Debug)]
pub struct Object {
    pub(crate) account: Arc<Account>,
    pub(crate) place: Place,
    pub(crate) key: String,
}

/// The body of an answer; `None` has nothing in it.
#[derive(Debug)]
pub struct Data {
    account: Arc<Account>,
    answer: Option<crate::client::Answer>,
}

impl Source for Object {
    type Body = Data;

    async fn ask(&self, offset: u64, len: Option<u64>, identity: Option<&str>) -> Result<Answer<Data>> {
        let mut call = Call::new(Method::GET, &self.place, format!("reading `{}`", self.key));
        match len {
            Some(len) => {
                let last = offset.saturating_add(len) - 1;
                call = call.header(RANGE, &format!("bytes={offset}-{last}"));
            }
            None if offset > 0 => call = call.header(RANGE, &format!("bytes={offset}-")),
            None => {}
        }
        if let Some(identity) = identity {
            call = call.header(IF_MATCH, &format!("\"{identity}\""));
        }
        let answer = self.account.client.send(&call).await?;
        let first = match answer.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => answer::first_byte(answer.headers())
                .ok_or_else(|| answer.unfit("the server does not say which part"))?,
            StatusCode::RANGE_NOT_SATISFIABLE => {
                return Ok(Answer {
                    identity: None,
                    len: 0,
                    body: Data { account: self.account.clone(), answer: None },
                });
            }
            StatusCode::PRECONDITION_FAILED => return Err(answer.unfit("it has changed while it was read")),
            StatusCode::CONFLICT => return Err(answer.unfit("a segment of it is missing or is another")),
            _ => return Err(answer.refusal()),
        };
        if first != offset {
            return Err(answer.unfit("the server sends another part than was asked for"));
        }
        let told = answer::stat(answer.headers()).ok_or_else(|| answer.unfit("the server does not tell its size"))?;
        let body = Data { account: self.account.clone(), answer: Some(answer) };
        Ok(Answer { identity: told.etag, len: told.size, body })
    }
}

impl Body for Data {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.answer {
            Some(answer) => self.account.client.chunk(answer).await,
            None => Ok(None),
        }
    }
}
