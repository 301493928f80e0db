//! A supervisor's end of the line to a worker.

use super::{
    counted::Counted,
    protocol::{Order, Question, Word},
};
use casement_http::Callers;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    sync::{mpsc, oneshot},
    time::timeout,
};

/// Lines that may wait for a worker that does not read.
const WAITING: usize = 64;
/// Figures of many stores are long.
const LONGEST_LINE: u64 = 16 << 20;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Link {
    orders: mpsc::Sender<Vec<u8>>,
    next: Arc<AtomicU64>,
    answers: Answers,
}

type Answers = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

impl Link {
    /// What the worker says of itself comes to the receiver, until its end. So long its callers are counted among all.
    pub(super) fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        callers: Callers,
    ) -> (Self, mpsc::Receiver<Word>) {
        let (orders, queue) = mpsc::channel(WAITING);
        let (words, said) = mpsc::channel(WAITING);
        let link = Self { orders, next: Arc::default(), answers: Answers::default() };
        tokio::spawn(write(writer, queue));
        let ear =
            Ear { orders: link.orders.clone(), answers: link.answers.clone(), words, counted: Counted::new(callers) };
        tokio::spawn(ear.listen(reader));
        (link, said)
    }

    /// A worker that does not read its orders gets no more of them.
    pub(super) fn tell(&self, line: &impl Serialize) {
        if let Some(line) = written(line) {
            self.orders.try_send(line).ok();
        }
    }

    /// # Errors
    /// When no answer comes in time, or another one than was asked for.
    pub(super) async fn ask<T: DeserializeOwned>(&self, question: Question, patience: Duration) -> Result<T, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.lock().insert(id, sender);
        self.tell(&Order::Ask { id, question });
        let answer = timeout(patience, answer).await;
        self.lock().remove(&id);
        let answer = answer.map_err(|_| format!("it does not answer within {} s", patience.as_secs()))?;
        let answer = answer.map_err(|_| "it has ended".to_owned())?;
        serde_json::from_value(answer).map_err(|error| format!("its answer is not understood: {error}"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Value>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = queue.recv().await {
        // Its end is seen elsewhere.
        if writer.write_all(&line).await.is_err() {
            return;
        }
    }
}

/// Where what a worker says is heard.
struct Ear {
    orders: mpsc::Sender<Vec<u8>>,
    answers: Answers,
    words: mpsc::Sender<Word>,
    counted: Counted,
}

impl Ear {
    async fn listen(mut self, reader: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(reader);
        while let Ok(Some(word)) = read_word(&mut reader).await {
            self.hear(word).await;
        }
        // Whoever waits learns of the end.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn hear(&mut self, word: Word) {
        match word {
            Word::Answer { id, answer } => {
                let asked = self.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                // Whoever has asked may have gone.
                asked.map(|asked| asked.send(answer));
            }
            Word::Admit { id, caller, is_transfer } => {
                let refusal = self.counted.admit(id, caller, is_transfer);
                if let Some(line) = written(&Order::Admitted { id, refusal }) {
                    // Many ask at once, so it waits for its place among the orders. One to a worker that is no more is lost.
                    self.orders.send(line).await.ok();
                }
            }
            Word::TransferEnded(id) => self.counted.end(id),
            // They are for whoever waits for the start.
            word => _ = self.words.send(word).await,
        }
    }
}

fn written(line: &impl Serialize) -> Option<Vec<u8>> {
    let mut line = serde_json::to_vec(line).ok()?;
    line.push(b'\n');
    Some(line)
}

async fn read_word(reader: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<Word>> {
    let mut line = Vec::new();
    if reader.take(LONGEST_LINE).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}
