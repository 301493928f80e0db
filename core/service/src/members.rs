//! Sharing an image with other projects.

use crate::{
    Error, Kind, Result, Service, Side,
    access::{image_not_found, refuse_read_only},
};
use casement_catalog::{Found, Kind as Catalog};
use casement_image::{Caller, Member, Visibility, member};
use casement_policy::Target;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

impl Service {
    /// Everybody an image is shared with, as far as the caller may know: its owner all of them, a member itself.
    ///
    /// # Errors
    /// See `GET /v2/images/{id}/members`.
    pub async fn list_members(&self, caller: &Caller, id: &str) -> Result<Value> {
        let found = self.find(caller, id, image_not_found(id)).await?;
        self.authorize("get_members", caller, &found)?;
        if found.image.visibility != Visibility::Shared {
            let message = format!("Not allowed to list members for image {id}: Only shared images have members.");
            return Err(Error::forbidden(message));
        }
        let only = if owns(caller, &found) { None } else { caller.project_id.as_deref() };
        let members = self.catalog().members(&found.image.id, only).await?;
        let members: Vec<_> = members.iter().map(Member::view).collect();
        Ok(json!({ "members": members, "schema": "/v2/schemas/members" }))
    }

    /// # Errors
    /// See `GET /v2/images/{id}/members/{member}`.
    pub async fn show_member(&self, caller: &Caller, id: &str, project: &str) -> Result<Map<String, Value>> {
        let found = self.find(caller, id, image_not_found(id)).await?;
        if found.image.visibility != Visibility::Shared {
            return Err(Error::not_found("Only shared images have members."));
        }
        let may_know = owns(caller, &found) || caller.project_id.as_deref() == Some(project);
        if !may_know || self.authorize("get_member", caller, &found).is_err() {
            return Err(not_a_member(id, project));
        }
        Ok(self.member(&found, project).await?.view())
    }

    /// # Errors
    /// See `POST /v2/images/{id}/members`.
    pub async fn add_member(&self, caller: &Caller, id: &str, body: &Value) -> Result<Map<String, Value>> {
        refuse_read_only(caller)?;
        let project = member::wanted_member(body)?;
        let found = self.find(caller, id, image_not_found(id)).await?;
        self.authorize("add_member", caller, &found)?;
        if found.image.visibility != Visibility::Shared || !owns(caller, &found) {
            return Err(Error::forbidden(format!("Not allowed to create members for image {id}.")));
        }
        let quota = self.settings().quotas.members;
        match self.catalog().add_member(&found.image.id, project, quota, OffsetDateTime::now_utc()).await {
            Ok(Some(member)) => Ok(member.view()),
            Ok(None) => {
                let members = self.catalog().members(&found.image.id, None).await?;
                member::check_quota(members.len() + 1, quota)?;
                Err(Error::not_found(image_not_found(id)()))
            }
            Err(error) if error.kind == Catalog::Exists => Err(Error::new(Kind::Conflict, Side::Client, error.message)),
            Err(error) => Err(error.into()),
        }
    }

    /// A member's answer to being shared with.
    ///
    /// # Errors
    /// See `PUT /v2/images/{id}/members/{member}`.
    pub async fn answer_share(
        &self,
        caller: &Caller,
        id: &str,
        project: &str,
        body: &Value,
    ) -> Result<Map<String, Value>> {
        refuse_read_only(caller)?;
        let status = member::wanted_status(body)?;
        let found = self.find(caller, id, image_not_found(id)).await?;
        // The member it is about, and not only one that the caller is.
        let target = Target { member_id: Some(project), ..Target::image(&found.image, caller, found.is_member) };
        self.authorize_target("modify_member", caller, &target)?;
        let now = OffsetDateTime::now_utc();
        if !self.catalog().answer_share(&found.image.id, project, status, now).await? {
            return Err(not_a_member(id, project));
        }
        Ok(self.member(&found, project).await?.view())
    }

    /// # Errors
    /// See `DELETE /v2/images/{id}/members/{member}`.
    pub async fn remove_member(&self, caller: &Caller, id: &str, project: &str) -> Result<()> {
        refuse_read_only(caller)?;
        let found = self.find(caller, id, image_not_found(id)).await?;
        self.authorize("delete_member", caller, &found)?;
        if self.catalog().remove_member(&found.image.id, project, OffsetDateTime::now_utc()).await? {
            Ok(())
        } else {
            Err(not_a_member(id, project))
        }
    }

    async fn member(&self, found: &Found, project: &str) -> Result<Member> {
        let members = self.catalog().members(&found.image.id, Some(project)).await?;
        members.into_iter().next().ok_or_else(|| not_a_member(found.image.id.as_str(), project))
    }
}

fn owns(caller: &Caller, found: &Found) -> bool {
    caller.is_admin || (found.image.owner.is_some() && found.image.owner == caller.project_id)
}

fn not_a_member(id: &str, project: &str) -> Error {
    Error::not_found(format!("{project} not found in the member list of the image {id}."))
}
