//! Metadata definitions. Unlike images, what is deleted here is gone.

mod children;
mod list;
mod namespaces;
mod objects;
mod properties;
mod resource_types;
mod seed;
mod tags;

use crate::{
    Error, Kind, Result,
    sqlite::{Conn, Row},
    stamp::Stamp,
};
use casement_image::metadef::{MAX_NAMESPACE_BYTES, Namespace, Scope};
use sqlx::Row as _;

pub use list::NamespacePage;
pub use namespaces::FoundNamespace;
pub use seed::{Loaded, Merge, Unloaded};

/// The columns of `metadef_namespaces n`, as [`namespace`] reads them.
macro_rules! namespace_columns {
    () => {
        "n.id, n.namespace, n.display_name, n.description, n.visibility, COALESCE(n.protected, FALSE) AS protected, \
         n.owner, n.created_at, COALESCE(n.updated_at, n.created_at) AS updated_at"
    };
}
use namespace_columns;

fn namespace(row: &Row) -> Result<FoundNamespace> {
    let visibility: Option<&str> = row.try_get("visibility")?;
    let namespace = Namespace {
        namespace: row.try_get("namespace")?,
        display_name: row.try_get("display_name")?,
        description: row.try_get("description")?,
        visibility: Scope::of(visibility),
        protected: row.try_get("protected")?,
        owner: row.try_get("owner")?,
        created_at: row.try_get::<Stamp, _>("created_at")?.0,
        updated_at: row.try_get::<Stamp, _>("updated_at")?.0,
    };
    Ok(FoundNamespace { id: row.try_get("id")?, namespace })
}

/// What was decided on `found` holds for the namespace as it is now. [`Kind::Changed`] when it is another by now, or
/// none any more.
async fn require_unchanged(conn: &mut Conn, found: &FoundNamespace) -> Result<()> {
    if namespaces::find(conn, &found.namespace.namespace).await?.as_ref() == Some(found) {
        return Ok(());
    }
    let name = &found.namespace.namespace;
    Err(Error::new(Kind::Changed, format!("namespace {name} was changed by somebody else; read it again")))
}

/// [`Kind::TooMuch`] when the definitions of the namespace became more than may be shown at once.
async fn require_room(conn: &mut Conn, found: &FoundNamespace) -> Result<()> {
    let bytes: i64 = sqlx::query_scalar(
        "SELECT COALESCE((SELECT SUM(100 + LENGTH(json_schema)) FROM metadef_properties WHERE namespace_id = ?), 0) \
         + COALESCE((SELECT SUM(200 + LENGTH(json_schema) + LENGTH(COALESCE(description, '')) + \
         LENGTH(COALESCE(required, ''))) FROM metadef_objects WHERE namespace_id = ?), 0) \
         + COALESCE((SELECT SUM(100) FROM metadef_tags WHERE namespace_id = ?), 0)",
    )
    .bind(found.id)
    .bind(found.id)
    .bind(found.id)
    .fetch_one(conn)
    .await?;
    if usize::try_from(bytes).is_ok_and(|bytes| bytes <= MAX_NAMESPACE_BYTES) {
        return Ok(());
    }
    let refusal = casement_image::metadef::too_much(&found.namespace.namespace);
    Err(Error::new(Kind::TooMuch, refusal.message))
}
