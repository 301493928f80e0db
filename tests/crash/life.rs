//! Everything that happens to data between a request and the database, once, in a fixed order: so that every failpoint
//! is reached, and a failpoint's n-th time is the same in every run.

use crate::{
    client::{Gone, Keeper, Told, Way},
    ledger::{Content, Ledger, State},
};
use casement_tests::{Answer, Depot, Gateway, eventually};
use serde_json::json;
use std::sync::Arc;

const FAST: Way = Way { store: "fast", says_size: true };
const SLOW_WITHOUT_SIZE: Way = Way { store: "slow", says_size: false };
/// Several chunks.
const LARGE: Content = Content { seed: 1, len: 2_500_000 };
const SMALL: Content = Content { seed: 2, len: 1000 };

/// A gateway's site with two stores for uploads and one of the web, and the web.
#[derive(Debug)]
pub(crate) struct Stage {
    depot: Depot,
    pub(crate) ledger: Ledger,
    pub(crate) site: Arc<casement_tests::Site>,
}

impl Stage {
    pub(crate) fn set() -> Self {
        let gateway = Gateway::builder()
            .plugin("path = \"casement_http_store\"")
            .filesystem("fast", None, "default = true")
            .filesystem("slow", None, "")
            .store("web", "plugin = \"http\"\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
            .more("[images]\nshow_multiple_locations = true\nstorage_quota = \"1GB\"")
            .more("[import_filtering]\nallowed_hosts = [\"127.0.0.1\"]\nallowed_ports = []")
            .start();
        Self { depot: Depot::open(), ledger: Ledger::default(), site: gateway.kill() }
    }

    /// Starts the gateway anew, holds it to its promises, and has it go on with what there is.
    #[track_caller]
    pub(crate) fn recover(&self, case: &str) {
        let gateway = Gateway::start(self.site.clone());
        let saving: Vec<_> = gateway.images().into_values().filter(|image| image["status"] == "saving").collect();
        assert!(saving.is_empty(), "{case}: recovery comes before the first request: {saving:?}");
        // Imports go on by themselves.
        gateway.assert_settled();
        self.ledger.check(&gateway);
        let images = gateway.images();
        let keeper = Keeper::new(&gateway, &self.ledger);
        for id in self.ledger.there() {
            if images[&id]["status"] == "queued" && images[&id]["disk_format"] == "raw" {
                keeper.upload(&id, SMALL, FAST).unwrap().expect(204);
            }
            keeper.delete(&id).unwrap().expect(204);
        }
        let findings = gateway.unsettled();
        assert!(findings.is_empty(), "{case}: {findings:?}");
        gateway.kill();
    }

    /// The whole life; every answer is shown to `hear`. Ends early when the gateway does.
    pub(crate) fn live(&self, gateway: &Gateway, hear: impl FnMut(&Answer)) -> Told<()> {
        let keeper = Keeper::new(gateway, &self.ledger);
        Life { gateway, keeper, hear }.lead(&self.depot)
    }
}

struct Life<'a, H> {
    gateway: &'a Gateway,
    keeper: Keeper<'a>,
    hear: H,
}

impl<H: FnMut(&Answer)> Life<'_, H> {
    fn lead(mut self, depot: &Depot) -> Told<()> {
        let first = self.upload(LARGE, FAST)?;
        let second = self.upload(LARGE, SLOW_WITHOUT_SIZE)?;
        let refused = self.be_refused()?;
        let url = depot.put("image", &LARGE.pattern().bytes());
        self.exchange_copy(&first, &url)?;
        let imported = self.import(&url)?;
        self.delete(&second)?;
        let replaced = self.upload(SMALL, FAST)?;
        [refused, first, imported, replaced].iter().try_for_each(|id| self.delete(id))
    }

    fn hear_of(&mut self, answer: Answer) -> Answer {
        (self.hear)(&answer);
        answer
    }

    fn upload(&mut self, content: Content, way: Way) -> Told<String> {
        let id = self.keeper.create("raw")?;
        let answer = self.keeper.upload(&id, content, way)?;
        self.hear_of(answer);
        Ok(id)
    }

    /// Data that is not of the format that the image says.
    fn be_refused(&mut self) -> Told<String> {
        let id = self.keeper.create("qcow2")?;
        let answer = self.keeper.put(&id, SMALL, FAST)?;
        let answer = self.hear_of(answer);
        assert_ne!(answer.status, 204);
        Ok(id)
    }

    /// Gives the image a second copy, on the web, and takes the first away.
    fn exchange_copy(&mut self, id: &str, url: &str) -> Told<()> {
        let path = format!("/v2/images/{id}");
        let add = json!([{"op": "add", "path": "/locations/-", "value": {"url": url, "metadata": {}}}]);
        let answer = self.keeper.send("PATCH", &path, "application/openstack-images-v2.1-json-patch", &add)?;
        self.hear_of(answer);
        let path = format!("/v2/stores/fast/{id}");
        let answer = self.gateway.admin().request("DELETE", &path).try_send().map_err(|_| Gone)?;
        self.hear_of(answer);
        Ok(())
    }

    /// Data that lies on the web already; it is digested after the answer.
    fn import(&mut self, url: &str) -> Told<String> {
        let id = self.keeper.create("raw")?;
        self.keeper.ledger.may_be(&id, &[State::Queued, State::Active(LARGE)]);
        let body = json!({"url": url});
        let service = Keeper { client: self.gateway.service(), ..self.keeper.clone() };
        let answer = service.send("POST", &format!("/v2/images/{id}/locations"), "application/json", &body)?;
        let answer = self.hear_of(answer);
        if answer.status == 202 {
            self.wait_for_task(&id)?;
        }
        Ok(id)
    }

    /// Waits for the end of an image's only task, or for the gateway to put it off.
    fn wait_for_task(&self, id: &str) -> Told<()> {
        let path = format!("/v2/images/{id}/tasks");
        eventually("the import ends", || {
            let Ok(answer) = self.keeper.client.request("GET", &path).try_send() else {
                return Ok(Err(Gone));
            };
            let task = answer.expect(200).json()["tasks"][0].clone();
            let at_work = task["status"] == "processing" && !self.gateway.log().text().contains("not imported yet");
            if at_work { Err(task.to_string()) } else { Ok(Ok(())) }
        })
    }

    fn delete(&mut self, id: &str) -> Told<()> {
        let answer = self.keeper.delete(id)?;
        self.hear_of(answer);
        Ok(())
    }
}
