//! Whether the images of a page are among few. Then those are looked up and sorted; else all images are gone through in their
//! order until the page is full, which takes the longer the fewer of them are wanted.

use crate::{
    Catalog, Result,
    list::{Sql, index, names_images},
    sqlite::Conn,
};
use casement_image::{Caller, ListQuery, SortKey};
use std::time::Instant;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Few<'q> {
    /// Images that have a property of this value.
    With(&'q str, &'q str),
    /// Images that this project may see.
    VisibleTo(&'q str),
}

/// Up to so many images with a property are looked up.
const WITH_PROPERTY: i64 = 2000;
pub(crate) const HOW_MANY_HAVE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM image_properties p \
     WHERE NOT p.deleted AND p.name = ? AND COALESCE(p.value, '') = ? LIMIT ? + 0)";

/// Up to so many images that a project may see are looked up, where there are many others. They are counted with those that
/// were deleted as Glance does it, which the indexes have too.
const VISIBLE: i64 = 250;
pub(crate) const HOW_MANY_VISIBLE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM images o WHERE o.owner = ? \
     UNION ALL SELECT 1 FROM images p WHERE p.visibility IN ('public', 'community') \
     UNION ALL SELECT 1 FROM image_members m WHERE m.member = ? AND NOT m.deleted LIMIT ? + 0)";
pub(crate) const HOW_MANY: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM images i INDEXED BY casement_images_list_idx \
     WHERE i.deleted = FALSE AND i.os_hidden = FALSE LIMIT ? + 0)";

impl Catalog {
    pub(crate) async fn few<'q>(
        &self,
        conn: &mut Conn,
        query: &'q ListQuery,
        caller: &'q Caller,
    ) -> Result<Option<Few<'q>>> {
        for (name, value) in &query.properties {
            if self.few_have(conn, name, value).await? {
                return Ok(Some(Few::With(name, value)));
            }
        }
        match caller.project_id.as_deref().filter(|_| !caller.is_admin && !names_images(query)) {
            Some(project) if self.few_are_visible(conn, project).await? => Ok(Some(Few::VisibleTo(project))),
            _ => Ok(None),
        }
    }

    async fn few_have(&self, conn: &mut Conn, name: &str, value: &str) -> Result<bool> {
        let key = (name.to_owned(), value.to_owned());
        if let Some(few) = self.counted.properties.believed(&key, Instant::now()) {
            return Ok(few);
        }
        let count = sqlx::query_scalar::<_, i64>(HOW_MANY_HAVE).bind(name).bind(value).bind(WITH_PROPERTY);
        let few = count.fetch_one(conn).await? < WITH_PROPERTY;
        self.counted.properties.note(key, few, Instant::now());
        Ok(few)
    }

    /// So few of all, that to look each of them up takes less than to go past the others.
    async fn few_are_visible(&self, conn: &mut Conn, project: &str) -> Result<bool> {
        let key = project.to_owned();
        if let Some(few) = self.counted.sights.believed(&key, Instant::now()) {
            return Ok(few);
        }
        let visible = sqlx::query_scalar::<_, i64>(HOW_MANY_VISIBLE).bind(project).bind(project).bind(VISIBLE);
        let visible = visible.fetch_one(&mut *conn).await?;
        // A page takes the longer to fill the fewer are visible, and they take the longer to look up the more they are: both
        // take about as long where the square of these is all of them.
        let enough = visible * visible;
        let few = visible < VISIBLE
            && sqlx::query_scalar::<_, i64>(HOW_MANY).bind(enough + 1).fetch_one(conn).await? > enough;
        self.counted.sights.note(key, few, Instant::now());
        Ok(few)
    }
}

impl Few<'_> {
    /// `images i`, and what stands before it: SQLite begins with that.
    pub(crate) fn from(self, sql: &mut Sql) {
        match self {
            Self::With(name, value) => {
                sql.push("(SELECT DISTINCT p.image_id FROM image_properties p WHERE NOT p.deleted AND p.name = ")
                    .push_bind(name.to_owned())
                    .push(" AND COALESCE(p.value, '') = ")
                    .push_bind(value.to_owned())
                    .push(") few CROSS JOIN images i INDEXED BY ")
                    .push(index(SortKey::Id))
                    .push(" ON i.id = few.image_id");
            }
            Self::VisibleTo(project) => {
                sql.push("(SELECT o.rowid AS place FROM images o WHERE o.owner = ")
                    .push_bind(project.to_owned())
                    .push(
                        " UNION SELECT p.rowid FROM images p WHERE p.visibility IN ('public', 'community') \
                         UNION SELECT s.rowid FROM image_members m CROSS JOIN images s ON s.id = m.image_id \
                         WHERE NOT m.deleted AND m.member = ",
                    )
                    .push_bind(project.to_owned())
                    .push(") few CROSS JOIN images i ON i.rowid = few.place");
            }
        }
    }
}
