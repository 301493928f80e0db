//! A database file looked at from outside: whoever has it open goes on, and nothing in it changes.

use crate::{
    Error, Kind, Result, schema,
    sqlite::{has_table, unreachable_file},
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::path::Path;

/// What a database says of its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Of the `casement_*` tables; nothing where Casement has not been yet.
    pub casement: Option<i64>,
    /// Of Glance's tables, as its migrations call it.
    pub glance: Option<String>,
}

/// A connection that only reads. It does not take the lock that keeps other services out.
#[derive(Debug)]
pub struct Onlooker {
    conn: SqliteConnection,
}

impl Onlooker {
    /// The version of the `casement_*` tables that this program serves; older ones it brings there when it opens them.
    pub const SERVED: i64 = schema::VERSION;

    /// # Errors
    /// When there is no such file, or it is no database.
    pub async fn open(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path)
            .map_err(|error| unreachable_file(path, "its path is not valid").because(error))?;
        if !path.is_file() {
            return Err(unreachable_file(&path, "there is no such file; the first start of the service makes it"));
        }
        let options = SqliteConnectOptions::new().filename(&path).read_only(true);
        Ok(Self { conn: SqliteConnection::connect_with(&options).await? })
    }

    pub async fn version(&mut self) -> Result<Version> {
        let conn = &mut self.conn;
        let casement = match has_table(conn, "casement_schema").await? {
            true => sqlx::query_scalar("SELECT MAX(version) FROM casement_schema").fetch_one(&mut *conn).await?,
            false => None,
        };
        let glance = match has_table(conn, "alembic_version").await? {
            true => sqlx::query_scalar("SELECT version_num FROM alembic_version").fetch_optional(&mut *conn).await?,
            false => None,
        };
        Ok(Version { casement, glance })
    }

    /// What SQLite finds wrong with the file, when it reads all of it; nothing when it is sound.
    pub async fn faults(&mut self) -> Result<Vec<String>> {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut self.conn).await?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Writes all that is committed now to a file that is empty or not there.
    pub async fn back_up(&mut self, to: &Path) -> Result<()> {
        let name =
            to.to_str().ok_or_else(|| Error::new(Kind::Unavailable, format!("{to:?} is not a name in Unicode")))?;
        sqlx::query("VACUUM INTO ?").bind(name).execute(&mut self.conn).await?;
        Ok(())
    }

    pub async fn close(self) -> Result<()> {
        Ok(self.conn.close().await?)
    }
}
