//! What properties, objects and tags have in common: each has a name that its namespace has only once.

use crate::{Error, Kind, Result, sqlite::Conn};
use sqlx::AssertSqlSafe;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Properties,
    Objects,
    Tags,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Properties => "metadef_properties",
            Self::Objects => "metadef_objects",
            Self::Tags => "metadef_tags",
        }
    }

    pub(super) async fn find(self, conn: &mut Conn, namespace: i64, name: &str) -> Result<Option<i64>> {
        let query = format!("SELECT id FROM {} WHERE namespace_id = ? AND name = ?", self.name());
        let found = sqlx::query_scalar(AssertSqlSafe(query)).bind(namespace).bind(name).fetch_optional(conn).await?;
        Ok(found)
    }

    pub(super) async fn remove(self, conn: &mut Conn, namespace: i64, name: &str) -> Result<bool> {
        let query = format!("DELETE FROM {} WHERE namespace_id = ? AND name = ?", self.name());
        let done = sqlx::query(AssertSqlSafe(query)).bind(namespace).bind(name).execute(conn).await?;
        Ok(done.rows_affected() > 0)
    }

    pub(super) async fn remove_all(self, conn: &mut Conn, namespace: i64) -> Result<()> {
        let query = format!("DELETE FROM {} WHERE namespace_id = ?", self.name());
        sqlx::query(AssertSqlSafe(query)).bind(namespace).execute(conn).await?;
        Ok(())
    }

    /// [`Kind::Exists`] when the name is taken by another row than `own`. The words are Glance's.
    pub(super) async fn require_free(
        self,
        conn: &mut Conn,
        namespace: (i64, &str),
        name: &str,
        own: Option<i64>,
    ) -> Result<()> {
        let taken = self.find(conn, namespace.0, name).await?;
        if taken.is_none() || taken == own {
            return Ok(());
        }
        let namespace = namespace.1;
        Err(Error::new(
            Kind::Exists,
            match (self, own) {
                (Self::Tags, _) => format!(
                    "A metadata tag with name={name} already exists in namespace={namespace}. \
                     (Please note that metadata tag names are case insensitive)."
                ),
                (Self::Properties | Self::Objects, None) => format!(
                    "A metadata definition {} with name={name} already exists in namespace={namespace}.",
                    self.noun()
                ),
                (Self::Properties | Self::Objects, Some(_)) => format!(
                    "Invalid update. It would result in a duplicate metadata definition {} with the same name={name} in \
                     namespace={namespace}.",
                    self.noun()
                ),
            },
        ))
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Properties => "property",
            Self::Objects => "object",
            Self::Tags => "tag",
        }
    }
}
