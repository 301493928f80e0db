//! Projects that a shared image is shared with.

use crate::{Error, ImageId, Kind, Result, view::timestamp};
use serde_json::{Map, Value};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;

/// What a project has said to an image that was shared with it. Access does not depend on it, being listed does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberStatus {
    Pending,
    Accepted,
    Rejected,
}

impl MemberStatus {
    const NAMES: [(MemberStatus, &'static str); 3] = [
        (MemberStatus::Pending, "pending"),
        (MemberStatus::Accepted, "accepted"),
        (MemberStatus::Rejected, "rejected"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for MemberStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MemberStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(status, _)| *status).ok_or(())
    }
}

/// One project's share in one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub image_id: ImageId,
    /// The project.
    pub member_id: String,
    pub status: MemberStatus,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

impl Member {
    /// As clients see it.
    pub fn view(&self) -> Map<String, Value> {
        let entries = [
            ("member_id", self.member_id.clone()),
            ("image_id", self.image_id.to_string()),
            ("status", self.status.to_string()),
            ("created_at", timestamp(self.created_at)),
            ("updated_at", timestamp(self.updated_at)),
            ("schema", "/v2/schemas/member".to_owned()),
        ];
        entries.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }
}

/// The project that a body `{"member": "<project>"}` names.
pub fn wanted_member(body: &Value) -> Result<&str> {
    let Value::Object(body) = body else {
        return Err(Error::invalid(r#"Expected a member in the form: {"member": "image_id"}"#));
    };
    match body.get("member") {
        None => Err(Error::invalid("Member to be added not specified")),
        Some(Value::String(member)) if member.is_empty() => Err(Error::invalid("Member can't be empty")),
        Some(Value::String(member)) if member.chars().count() > 255 => {
            Err(Error::invalid("Member must not be longer than 255 characters."))
        }
        Some(Value::String(member)) if !member.contains('\0') => Ok(member),
        Some(_) => Err(Error::invalid("Member must be the id of a project.")),
    }
}

/// The status that a body `{"status": "accepted"}` names.
pub fn wanted_status(body: &Value) -> Result<MemberStatus> {
    let Value::Object(body) = body else {
        return Err(Error::invalid(r#"Expected a status in the form: {"status": "status"}"#));
    };
    let status = body.get("status").ok_or_else(|| Error::invalid("Status not specified"))?;
    status
        .as_str()
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| Error::invalid(r#"Incorrect request: Status must be "pending", "accepted" or "rejected"."#))
}

/// The refusal of one member more than an image may have.
pub fn check_quota(attempted: usize, quota: Option<usize>) -> Result<()> {
    match quota {
        Some(maximum) if attempted > maximum => Err(Error::new(
            Kind::LimitExceeded,
            format!(
                "The limit has been exceeded on the number of allowed image members for this image. \
                 Attempted: {attempted}, Maximum: {maximum}"
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_is_named_by_an_object_with_a_text() {
        assert_eq!(wanted_member(&json!({"member": "p2"})).unwrap(), "p2");
        for (body, message) in [
            (json!([]), r#"Expected a member in the form: {"member": "image_id"}"#),
            (json!({}), "Member to be added not specified"),
            (json!({"member": ""}), "Member can't be empty"),
            (json!({"member": 5}), "Member must be the id of a project."),
        ] {
            assert_eq!(wanted_member(&body).unwrap_err().message, message);
        }
        assert!(wanted_member(&json!({"member": "x".repeat(256)})).is_err());
    }

    #[test]
    fn a_status_is_one_of_three() {
        assert_eq!(wanted_status(&json!({"status": "accepted"})), Ok(MemberStatus::Accepted));
        assert_eq!(wanted_status(&json!({})).unwrap_err().message, "Status not specified");
        for bad in [json!("weird"), json!(null), json!(1)] {
            let refused = wanted_status(&json!({"status": bad})).unwrap_err();
            assert!(refused.message.starts_with("Incorrect request: Status must be"), "{}", refused.message);
        }
    }
}
