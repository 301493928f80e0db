//! A stretch of the way to an HTTP server, on which a test lets things go wrong.

mod connection;
mod message;

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before the server hears of it.
    Cut,
    /// It gets nowhere, and nothing comes back, until the rule is lifted; then it goes on.
    Hold,
    /// It is passed on later.
    Delay(Duration),
    /// The connection ends after so many bytes of the request's body.
    CutRequest(u64),
    /// So many bytes of the request's body pass, and nothing comes back; the connection ends when the rule is lifted.
    HoldRequest(u64),
    /// The server does what it is asked for, and the connection ends without its answer.
    LoseAnswer,
    /// The connection ends after so many bytes of the answer's body.
    CutAnswer(u64),
    /// So many bytes of the answer's body pass; the rest when the rule is lifted.
    HoldAnswer(u64),
    /// This is answered with these lines of headers and this body, and the server hears nothing.
    Answer(u16, &'static str, &'static str),
    /// The answer comes with this ETag in place of its own.
    ETag(&'static str),
}

/// Which requests a rule is for: `When::method("PUT").path("partNumber=").after(1).times(2)`.
#[derive(Debug, Clone, Copy)]
pub struct When {
    method: Option<&'static str>,
    part: &'static str,
    without: Option<&'static str>,
    after: usize,
    times: usize,
}

impl When {
    pub fn always() -> Self {
        Self { method: None, part: "", without: None, after: 0, times: usize::MAX }
    }

    pub fn method(method: &'static str) -> Self {
        Self { method: Some(method), ..Self::always() }
    }

    /// Those whose path and query have this in them.
    #[must_use]
    pub fn path(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// And don't have this.
    #[must_use]
    pub fn without(self, part: &'static str) -> Self {
        Self { without: Some(part), ..self }
    }

    /// Not the first so many of them.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Self { after, ..self }
    }

    /// No more than so many.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    fn fits(&self, method: &str, target: &str) -> bool {
        self.method.is_none_or(|own| own == method)
            && target.contains(self.part)
            && self.without.is_none_or(|part| !target.contains(part))
    }
}

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
    met: usize,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    /// Counts up whenever rules are lifted: what is held goes on.
    lifted: usize,
    /// Method and target of every request, in order.
    seen: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to happen to a request, and how often rules were lifted before.
    fn judge(&self, method: &str, target: &str) -> (Option<Fault>, usize) {
        let mut state = self.state();
        state.seen.push((method.to_owned(), target.to_owned()));
        let fault = state.rules.iter_mut().filter(|rule| rule.when.fits(method, target)).find_map(|rule| {
            rule.met += 1;
            let due = rule.met > rule.when.after && rule.met - rule.when.after <= rule.when.times;
            due.then(|| rule.fault.clone())
        });
        self.changed.notify_all();
        (fault, state.lifted)
    }

    /// Waits until rules are lifted once more.
    fn hold(&self, lifted: usize) {
        drop(self.changed.wait_while(self.state(), |state| state.lifted == lifted));
    }
}

/// Ends with the process: nothing can be told to a thread that accepts.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    path: String,
    shared: Arc<Shared>,
}

impl Proxy {
    /// To the host and port of `url`.
    pub fn to(url: &str) -> Self {
        let rest = url.trim_start_matches("http://");
        let (server, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (server, path) = (server.to_owned(), path.to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), path, shared: Arc::default() };
        let shared = proxy.shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (shared, server) = (shared.clone(), server.clone());
                // Either side may break off at any time; that is the other's to notice.
                thread::spawn(move || connection::serve(&client, &server, &shared).ok());
            }
        });
        proxy
    }

    /// The URL that it was made for, this way.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }

    /// One more rule. The first that fits counts.
    pub fn rule(&self, when: When, fault: Fault) {
        self.shared.state().rules.push(Rule { when, fault, met: 0 });
    }

    /// Lifts all rules, and lets go what they held.
    pub fn lift(&self) {
        let mut state = self.shared.state();
        state.rules.clear();
        state.lifted += 1;
        self.shared.changed.notify_all();
    }

    /// Waits until so many requests have come since the start that fit.
    #[track_caller]
    pub fn wait_for(&self, when: When, count: usize) {
        const PATIENCE: Duration = Duration::from_secs(60);
        let fitting = |state: &State| state.seen.iter().filter(|(method, target)| when.fits(method, target)).count();
        let waiting = |state: &mut State| fitting(state) < count;
        let waited = self.shared.changed.wait_timeout_while(self.shared.state(), PATIENCE, waiting);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "{} of {count} requests {when:?} came: {:#?}", fitting(&state), state.seen);
    }

    /// How many requests have come that fit.
    pub fn count(&self, when: When) -> usize {
        self.shared.state().seen.iter().filter(|(method, target)| when.fits(method, target)).count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.lift();
    }
}
