//! What a case is: a name, a sentence of the contract, what a store must be able to do for it, and the test itself.

use crate::probe::Probe;
use casement_sdk::{Capabilities, Error, Kind};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// A sentence of the contract, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Word by word.
    pub text: &'static str,
    /// Where an author in Rust reads it, in `sdk/src/author.rs`.
    pub rust: &'static str,
    /// Where an author in C reads of it, in `casement.h`.
    pub c: &'static str,
}

/// What a store must declare to be able to do, or else a case is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Need {
    Write,
    ReadRange,
    Delete,
    List,
    StageTokens,
    Copy,
    Usage,
    Presign,
    OpenFile,
}

impl Need {
    pub(crate) const ALL: [Self; 9] = [
        Self::Write,
        Self::ReadRange,
        Self::Delete,
        Self::List,
        Self::StageTokens,
        Self::Copy,
        Self::Usage,
        Self::Presign,
        Self::OpenFile,
    ];

    pub(crate) fn is_met(self, can: &Capabilities) -> bool {
        match self {
            Self::Write => can.write,
            Self::ReadRange => can.read_range,
            Self::Delete => can.delete,
            Self::List => can.list,
            Self::StageTokens => can.stage_tokens,
            Self::Copy => can.copy,
            Self::Usage => can.usage,
            Self::Presign => can.presign,
            Self::OpenFile => can.open_file,
        }
    }
}

impl fmt::Display for Need {
    /// As the field of `Capabilities` is called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "write",
            Self::ReadRange => "read_range",
            Self::Delete => "delete",
            Self::List => "list",
            Self::StageTokens => "stage_tokens",
            Self::Copy => "copy",
            Self::Usage => "usage",
            Self::Presign => "presign",
            Self::OpenFile => "open_file",
        })
    }
}

/// Why a case ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What was seen instead of what the contract says.
    Failed(String),
    /// Why the case says nothing of this store.
    Skipped(String),
}

pub(crate) type Check<T = ()> = Result<T, Stop>;
type Running = Pin<Box<dyn Future<Output = Check> + Send>>;

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) clause: Clause,
    pub(crate) needs: &'static [Need],
    /// Takes longer than a person waits.
    pub(crate) long: bool,
    /// Whether the store is opened for it; else it opens what it wants.
    pub(crate) opened: bool,
    pub(crate) body: fn(Arc<Probe>) -> Running,
}

/// The cases of a file. `name: [needs] CLAUSE;`, with `#[long]` or `#[closed]` in front where that holds.
macro_rules! cases {
    ($group:literal; $($(#[$flag:ident])? $name:ident: [$($need:ident),*] $clause:ident;)+) => {
        pub(super) const CASES: &[$crate::case::Case] = &[$(
            $crate::case::Case {
                name: concat!($group, "::", stringify!($name)),
                clause: $crate::clauses::$clause,
                needs: &[$($crate::case::Need::$need),*],
                long: $crate::case::flag!(long $($flag)?),
                opened: !$crate::case::flag!(closed $($flag)?),
                body: |probe| Box::pin(async move { $name(&probe).await }),
            }
        ),+];
    };
}
macro_rules! flag {
    (long long) => {
        true
    };
    (closed closed) => {
        true
    };
    ($asked:ident $($flag:ident)?) => {
        false
    };
}

/// Ends the case unless `$condition` holds, with what was seen.
macro_rules! ensure {
    ($condition:expr, $($seen:tt)+) => {
        if !$condition {
            return Err($crate::case::Stop::Failed(format!($($seen)+)));
        }
    };
}
pub(crate) use {cases, ensure, flag};

/// What the store answered, where something else was due.
pub(crate) trait Due<T> {
    /// An answer, or the end of the case: `doing` says what was being done.
    fn or_seen(self, doing: &str) -> Check<T>;
}

impl<T> Due<T> for casement_sdk::Result<T> {
    fn or_seen(self, doing: &str) -> Check<T> {
        self.map_err(|error| Stop::Failed(format!("{doing}: {}", told(&error))))
    }
}

/// The error that was due, or the end of the case.
pub(crate) fn refused<T>(answer: casement_sdk::Result<T>, kinds: &[Kind], doing: &str) -> Check<Error> {
    match answer {
        Ok(_) => Err(Stop::Failed(format!("{doing}: answered OK instead of {}", names(kinds)))),
        Err(error) if kinds.contains(&error.kind()) => Ok(error),
        Err(error) => Err(Stop::Failed(format!("{doing}: {} instead of {}", told(&error), names(kinds)))),
    }
}

/// An error as a report shows it.
pub(crate) fn told(error: &Error) -> String {
    format!("{:?} (\"{}\")", error.kind(), error.message())
}

fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>().join(" or ")
}
