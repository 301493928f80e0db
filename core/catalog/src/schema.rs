//! Brings a database file to the schema that the queries expect.

use crate::{
    Error, Kind, Result,
    sqlite::{Conn, has_table},
};
/// What leads from each version of the `casement_*` tables to the next one, from version 1 on, which `casement.sql` makes.
const MIGRATIONS: [&str; 5] = [
    include_str!("schema/migrations/2.sql"),
    include_str!("schema/migrations/3.sql"),
    include_str!("schema/migrations/4.sql"),
    include_str!("schema/migrations/5.sql"),
    include_str!("schema/migrations/6.sql"),
];
/// The version of the `casement_*` tables that this program serves.
pub(crate) const VERSION: i64 = 1 + MIGRATIONS.len() as i64;
/// Where the migrations of Glance 33 end.
const GLANCE: &str = "2024_1_contract01";

/// Makes the tables of an empty database, adds Casement's own to one that Glance made, and refuses what it doesn't know.
pub(crate) async fn prepare(conn: &mut Conn) -> Result<()> {
    if has_table(conn, "casement_schema").await? {
        return migrate(conn).await;
    }
    if has_table(conn, "images").await? {
        check_glance(conn).await?;
        tracing::info!("taking over a database of Glance");
        sqlx::raw_sql(include_str!("schema/adopt.sql")).execute(&mut *conn).await?;
    } else {
        sqlx::raw_sql(include_str!("schema/glance.sql")).execute(&mut *conn).await?;
    }
    if !has_table(conn, "alembic_version").await? {
        sqlx::raw_sql(include_str!("schema/alembic_version.sql")).execute(&mut *conn).await?;
    }
    sqlx::raw_sql(include_str!("schema/casement.sql")).execute(&mut *conn).await?;
    migrate(conn).await
}

/// Brings Casement's own tables to this program's version.
async fn migrate(conn: &mut Conn) -> Result<()> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM casement_schema").fetch_one(&mut *conn).await?;
    let version = match found {
        Some(version @ 1..=VERSION) => version,
        Some(newer) if newer > VERSION => {
            return Err(incompatible(format!(
                "its schema has version {newer}, and this Casement serves version {VERSION}; start the Casement that wrote it"
            )));
        }
        _ => return Err(incompatible("its table casement_schema names no known version; restore it from a backup")),
    };
    for (migration, to) in MIGRATIONS.into_iter().zip(2..).filter(|(_, to)| *to > version) {
        sqlx::raw_sql(migration).execute(&mut *conn).await?;
        sqlx::query("UPDATE casement_schema SET version = ?").bind::<i64>(to).execute(&mut *conn).await?;
    }
    Ok(())
}

/// A database whose tables were made from Glance's models, not by its migrations, has no `alembic_version`.
/// The newest tables then tell the release.
async fn check_glance(conn: &mut Conn) -> Result<()> {
    let found: Option<String> = if has_table(conn, "alembic_version").await? {
        sqlx::query_scalar("SELECT version_num FROM alembic_version").fetch_optional(conn).await?
    } else {
        has_table(conn, "cached_images").await?.then(|| GLANCE.to_owned())
    };
    match found {
        Some(version) if version == GLANCE => Ok(()),
        found => Err(incompatible(format!(
            "it is a Glance database of version {}, and version {GLANCE} is needed; run `glance-manage db sync` of Glance 33 first",
            found.as_deref().unwrap_or("unknown")
        ))),
    }
}

fn incompatible(reason: impl Into<String>) -> Error {
    Error::new(Kind::Incompatible, reason)
}
