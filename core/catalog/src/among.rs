//! Among which images those of a page are looked for.

use crate::{
    Catalog, Result, list,
    sqlite::{Conn, Sql},
};
use casement_image::{Caller, ListQuery, SortDir, SortKey};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Among<'q> {
    /// All. They are gone through in their order until the page is full, which takes the longer the fewer of them are wanted.
    All,
    /// Those that this project may see, gone through in the order of the default list.
    Seen(&'q str),
    /// Those that this project may see, where they are few: they are looked up and sorted.
    FewSeen(&'q str),
    /// Those with a property of this value, where they are few: they are looked up and sorted.
    FewWith(&'q str, &'q str),
}

/// Up to so many images with a property are looked up.
const WITH_PROPERTY: i64 = 2000;
pub(crate) const HOW_MANY_HAVE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM image_properties p \
     WHERE NOT p.deleted AND p.name = ? AND COALESCE(p.value, '') = ? LIMIT ? + 0)";

/// Up to so many images that others share with a project are looked up for each of its lists: no index has them in order.
const SHARED: i64 = 100;
pub(crate) const HOW_MANY_ARE_SHARED: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM image_members m \
     WHERE m.member = ? AND NOT m.deleted LIMIT ? + 0)";

/// Up to so many images that a project may see are looked up, where there are many others. They are counted with those that
/// were deleted as Glance does it, which the indexes have too.
const VISIBLE: i64 = 250;
pub(crate) const HOW_MANY_VISIBLE: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM images o WHERE o.owner = ? \
     UNION ALL SELECT 1 FROM images p WHERE p.visibility IN ('public', 'community') \
     UNION ALL SELECT 1 FROM image_members m WHERE m.member = ? AND NOT m.deleted LIMIT ? + 0)";
pub(crate) const HOW_MANY: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM images i INDEXED BY casement_images_list_idx \
     WHERE i.deleted = FALSE AND i.os_hidden = FALSE LIMIT ? + 0)";

impl Catalog {
    pub(crate) async fn among<'q>(
        &self,
        conn: &mut Conn,
        query: &'q ListQuery,
        caller: &'q Caller,
        order: &[(SortKey, SortDir)],
    ) -> Result<Among<'q>> {
        for (name, value) in &query.properties {
            if self.few_have(conn, name, value).await? {
                return Ok(Among::FewWith(name, value));
            }
        }
        let Some(project) = caller.project_id.as_deref().filter(|_| !caller.is_admin && !list::names_images(query))
        else {
            return Ok(Among::All);
        };
        // An index of its own leads to what was changed at some time.
        Ok(if list::is_default(order) && query.updated_at.is_empty() && self.few_are_shared(conn, project).await? {
            Among::Seen(project)
        } else if self.few_are_visible(conn, project).await? {
            Among::FewSeen(project)
        } else {
            Among::All
        })
    }

    async fn few_have(&self, conn: &mut Conn, name: &str, value: &str) -> Result<bool> {
        let count = async {
            let count = sqlx::query_scalar::<_, i64>(HOW_MANY_HAVE).bind(name).bind(value).bind(WITH_PROPERTY);
            Ok(count.fetch_one(conn).await? < WITH_PROPERTY)
        };
        self.counted.properties.or((name.to_owned(), value.to_owned()), count).await
    }

    async fn few_are_shared(&self, conn: &mut Conn, project: &str) -> Result<bool> {
        let count = async {
            let count = sqlx::query_scalar::<_, i64>(HOW_MANY_ARE_SHARED).bind(project).bind(SHARED);
            Ok(count.fetch_one(conn).await? < SHARED)
        };
        self.counted.shares.or(project.to_owned(), count).await
    }

    /// So few of all, that to look each of them up takes less than to go past the others.
    async fn few_are_visible(&self, conn: &mut Conn, project: &str) -> Result<bool> {
        let count = async {
            let visible = sqlx::query_scalar::<_, i64>(HOW_MANY_VISIBLE).bind(project).bind(project).bind(VISIBLE);
            let visible = visible.fetch_one(&mut *conn).await?;
            // A page takes the longer to fill the fewer are visible, and they take the longer to look up the more they are:
            // both take about as long where the square of these is all of them.
            let enough = visible * visible;
            let all = sqlx::query_scalar::<_, i64>(HOW_MANY).bind(enough + 1);
            Ok(visible < VISIBLE && all.fetch_one(conn).await? > enough)
        };
        self.counted.sights.or(project.to_owned(), count).await
    }
}

impl Among<'_> {
    /// `images i`, and what stands before it: SQLite begins with that.
    pub(crate) fn from(self, sql: &mut Sql, query: &ListQuery) {
        match self {
            Self::All => {
                sql.push("images i");
                if let Some(index) = list::walked(query) {
                    sql.push(" INDEXED BY ").push(index);
                }
            }
            Self::Seen(project) => list::seen(sql, query, project),
            Self::FewSeen(project) => {
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
            Self::FewWith(name, value) => {
                sql.push("(SELECT DISTINCT p.image_id FROM image_properties p WHERE NOT p.deleted AND p.name = ")
                    .push_bind(name.to_owned())
                    .push(" AND COALESCE(p.value, '') = ")
                    .push_bind(value.to_owned())
                    .push(") few CROSS JOIN images i INDEXED BY ")
                    .push(list::index(SortKey::Id))
                    .push(" ON i.id = few.image_id");
            }
        }
    }
}
