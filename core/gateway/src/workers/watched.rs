//! The service as a whole, out of what its workers say.

use super::{
    crew::{Crew, Member},
    metrics,
    protocol::Question,
    slot::Slot,
};
use crate::control::{self, Order, Reply};
use ::metrics::gauge;
use casement_http::Watched;
use casement_stores::{Outcome, Reloaded};
use futures_util::future::{BoxFuture, join_all};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// Longer than a worker waits for its database.
const PATIENCE: Duration = Duration::from_secs(4);
/// Stores are opened, each as long as its own limit lets it.
const RELOADING: Duration = Duration::from_secs(600);

/// Asks all of them at once.
async fn ask<T: DeserializeOwned>(
    members: Vec<Member>,
    question: impl Fn() -> Question,
) -> Vec<(u32, Result<T, String>)> {
    let asked = members.into_iter().map(|member| {
        let question = question();
        async move { (member.number, member.link.ask(question, PATIENCE).await) }
    });
    join_all(asked).await
}

impl Watched for Crew {
    fn metrics(&self) -> BoxFuture<'_, String> {
        Box::pin(async {
            let (all, serving) = (self.members().len(), self.serving().len());
            gauge!("casement_workers", "state" => "serving").set(serving as f64);
            gauge!("casement_workers", "state" => "retiring").set((all - serving) as f64);
            let own = ("supervisor".to_owned(), (self.shared.metrics)());
            let told = ask::<String>(self.members(), || Question::Metrics).await;
            let told = told.into_iter().filter_map(|(number, text)| Some((number.to_string(), text.ok()?)));
            metrics::join(&[own].into_iter().chain(told).collect::<Vec<_>>())
        })
    }

    fn unreadiness(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async {
            if self.stop.is_cancelled() {
                return vec!["the service is stopping: requests under way may end".to_owned()];
            }
            let serving = self.serving();
            if serving.is_empty() {
                return vec!["no worker serves: the service is starting, or all have died".to_owned()];
            }
            let told = ask::<Vec<String>>(serving, || Question::Unreadiness).await;
            let reasons = told.into_iter().flat_map(|(number, reasons)| {
                let reasons = reasons.unwrap_or_else(|silence| vec![silence]);
                reasons.into_iter().map(move |reason| format!("worker {number}: {reason}"))
            });
            reasons.collect()
        })
    }

    fn stores(&self) -> BoxFuture<'_, Vec<Value>> {
        Box::pin(async {
            let told = ask::<Vec<Value>>(self.serving(), || Question::Stores).await;
            let stores = told.into_iter().flat_map(|(number, stores)| {
                stores.unwrap_or_default().into_iter().map(move |mut store| {
                    store["worker"] = json!(number);
                    store
                })
            });
            stores.collect()
        })
    }
}

/// The workers, and where they are.
#[derive(Clone)]
pub(super) struct Supervised {
    pub(super) crew: Crew,
    pub(super) slots: Arc<Vec<Slot>>,
}

impl Supervised {
    /// Whether requests can be served; one worker is enough.
    pub(super) async fn health(&self) -> Result<(), String> {
        let told = ask::<Result<(), String>>(self.crew.serving(), || Question::Health).await;
        let mut trouble = "no worker serves".to_owned();
        for (number, health) in told {
            match health.and_then(|health| health) {
                Ok(()) => return Ok(()),
                Err(reason) => trouble = format!("worker {number}: {reason}"),
            }
        }
        Err(trouble)
    }

    /// One worker after the other takes new versions of plugins into use; where one refuses a file, the next ones are not
    /// asked, and that is told.
    async fn reload_plugins(&self) -> Vec<Reloaded> {
        let _one_at_a_time = self.crew.reloading.lock().await;
        let mut all = Vec::new();
        for Member { number, link, .. } in self.crew.serving() {
            let reloaded = link.ask::<Vec<Reloaded>>(Question::ReloadPlugins, RELOADING).await;
            let reloaded = reloaded.unwrap_or_else(|reason| {
                vec![Reloaded { path: format!("worker {number}"), outcome: Outcome::Refused(reason) }]
            });
            let refused = reloaded.iter().any(|plugin| matches!(plugin.outcome, Outcome::Refused(_)));
            // They say the same of the same files.
            all.extend(reloaded.into_iter().filter(|plugin| !all.contains(plugin)).collect::<Vec<_>>());
            if refused {
                break;
            }
        }
        all
    }
}

impl control::Service for Supervised {
    async fn carry_out(&self, order: Order) -> Reply {
        match order {
            Order::Reload => match self.crew.reload(&self.slots).await {
                Ok(report) => Reply::Reconfigured(report),
                Err(failure) => Reply::Unfit(failure.to_string()),
            },
            Order::ReloadPlugins => Reply::Reloaded(self.reload_plugins().await),
            Order::Health => match self.health().await {
                Ok(()) => Reply::Healthy,
                Err(reason) => Reply::Unhealthy(reason),
            },
        }
    }
}
