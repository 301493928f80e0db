//! What a supervisor and its workers say to each other: one JSON value in each line.

use crate::exit::Failure;
use casement_http::{CallerKey, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// The first line to a worker: all that it needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    pub number: u32,
    /// Its name as the owner of transfers.
    pub node: String,
    /// No worker has served yet: what an earlier service left is to be settled.
    pub is_first: bool,
    pub configuration: Configuration,
    /// Keys that a reload changes; it comes to nothing where a store or a plugin among them is no good.
    pub on_trial: Vec<String>,
    /// Where its sockets listen.
    pub listen: Vec<String>,
    /// The name of the service, where its manager keeps a log by that.
    pub service: Option<String>,
}

/// The configuration in force. Its file may say something else by now, so what it said is handed on; a pipe shows secrets to
/// nobody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Configuration {
    pub file: PathBuf,
    /// What the file said when the supervisor started, which holds for keys that wait for a restart.
    pub first: String,
    /// What it said at the last reload.
    pub text: String,
}

/// A line to a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    Ask {
        id: u64,
        question: Question,
    },
    /// What became of [`Word::Admit`].
    Admitted {
        id: u64,
        refusal: Option<Refusal>,
    },
    /// Take no new connection, and end when the last one has ended, within the drain timeout.
    Stop,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Question {
    /// `Result<(), String>`: whether requests can be served.
    Health,
    /// `String`: all figures.
    Metrics,
    /// `Vec<String>`: why requests are not welcome.
    Unreadiness,
    /// `Vec<Value>`: how the stores are.
    Stores,
    /// `Vec<Reloaded>`: what became of the plugins' files.
    ReloadPlugins,
    /// `null`, when no new connection is taken any more; the end comes when the last one has ended.
    Retire,
    /// `Result<(), String>`: settle what this node, which is no more, has left.
    TakeOver(String),
}

/// A line from a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// The start is at this step.
    Starting(String),
    /// Connections are taken.
    Ready,
    /// The start has failed, and the process ends.
    Failed(Failure),
    Answer {
        id: u64,
        answer: Value,
    },
    /// A caller asks for something, which is to be counted; answered by [`Order::Admitted`].
    Admit {
        id: u64,
        caller: CallerKey,
        is_transfer: bool,
    },
    /// A transfer that was asked for by this number is no more.
    TransferEnded(u64),
}
