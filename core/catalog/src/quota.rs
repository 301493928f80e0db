//! What a project has in all, held against what it may have.
//!
//! It is counted in the very transaction that adds to it, so that requests at the same time can't pass a bound
//! together. An upload counts with what it has reserved until its image counts with its size.

use crate::{Catalog, Result, record, sqlite::Conn};
use casement_failpoints::around;
use casement_image::ImageId;

/// How much one project may have. `None` is without bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of image data: the size of each image, times its locations.
    pub bytes: Option<u64>,
    pub images: Option<u64>,
    /// Images whose data is on its way.
    pub uploading: Option<u64>,
    /// An upload of unknown size may pass `bytes` while it is the project's only one.
    pub lone_overrun: bool,
}

/// What one project has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub bytes: u64,
    /// Bytes that lie in a staging area.
    pub staged: u64,
    pub images: u64,
    pub uploading: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    Bytes,
    Images,
    Uploading,
}

/// A bound that a request would pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exceeded {
    pub resource: Resource,
    pub limit: u64,
    /// What counts already.
    pub usage: u64,
    /// What the request would add.
    pub delta: u64,
}

/// What an upload asks for of its project's storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All that it will bring.
    Whole(u64),
    /// So much in all until now, and nobody knows how much more: some of what is left is added.
    AtLeast(u64),
}

/// How an upload's wish for more storage went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// Bytes that the upload may have brought in all before it asks again.
    Until(u64),
    Exceeded(Exceeded),
    /// The image or the transfer is no more.
    Gone,
}

/// An upload of unknown size asks again after so much: seldom, and without keeping more from others than it must.
const STEP: u64 = 64 << 20;
/// ... and of what is left it takes no more ahead than this part.
const SHARE: u64 = 16;

impl Catalog {
    /// What `project` has. Reservations are not in it.
    pub async fn usage(&self, project: &str) -> Result<Usage> {
        let mut snapshot = self.db.snapshot().await?;
        Ok(Usage {
            bytes: stored(&mut snapshot, project).await?,
            staged: count(&mut snapshot, STAGED, project).await?,
            images: count(&mut snapshot, IMAGES, project).await?,
            uploading: count(&mut snapshot, UPLOADING, project).await?,
        })
    }

    /// Has an upload's reservation grow, so that it covers what is `wanted`.
    pub async fn reserve(&self, transfer: &str, wanted: Wanted, bounds: &Bounds) -> Result<Reserved> {
        if bounds.bytes.is_none() {
            return Ok(Reserved::Until(u64::MAX));
        }
        let mut tx = self.db.write().await?;
        let image: Option<String> = sqlx::query_scalar(
            "SELECT i.id FROM casement_transfers t JOIN images i ON i.id = t.image_id \
             WHERE t.id = ? AND t.state = 'staged' AND i.deleted = FALSE",
        )
        .bind(transfer)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(image) = image.as_deref().and_then(ImageId::parse) else {
            return Ok(Reserved::Gone);
        };
        let Some(owner) = owner(&mut tx, &image).await? else {
            return Ok(Reserved::Until(u64::MAX));
        };
        match grant(&mut tx, &owner, transfer, wanted, bounds).await? {
            Ok(until) => {
                set_reserved(&mut tx, transfer, until).await?;
                around("catalog.reserve", tx.commit()).await?;
                Ok(Reserved::Until(until))
            }
            Err(exceeded) => Ok(Reserved::Exceeded(exceeded)),
        }
    }
}

type Admission<T> = std::result::Result<T, Exceeded>;

/// Whether an upload of this image may begin, and what it reserves then.
pub(crate) async fn admit(conn: &mut Conn, image: &ImageId, wanted: Wanted, bounds: &Bounds) -> Result<Admission<u64>> {
    let Some(owner) = owner(conn, image).await? else {
        return Ok(Ok(0));
    };
    let reserved = match grant(conn, &owner, "", wanted, bounds).await? {
        Ok(reserved) => reserved,
        Err(exceeded) => return Ok(Err(exceeded)),
    };
    if let Some(limit) = bounds.uploading {
        let usage = count(conn, UPLOADING, &owner).await? + 1;
        if usage > limit {
            // The new one is in the usage, as in Glance, where it is `saving` by then.
            return Ok(Err(Exceeded { resource: Resource::Uploading, limit, usage, delta: 0 }));
        }
    }
    Ok(Ok(reserved))
}

/// Whether the owner of this image may have so many bytes more at its locations.
pub(crate) async fn admit_bytes(
    conn: &mut Conn,
    image: &ImageId,
    bytes: u64,
    bounds: &Bounds,
) -> Result<Admission<()>> {
    if bytes == 0 || bounds.bytes.is_none() {
        return Ok(Ok(()));
    }
    let Some(owner) = owner(conn, image).await? else {
        return Ok(Ok(()));
    };
    Ok(grant(conn, &owner, "", Wanted::Whole(bytes), bounds).await?.map(drop))
}

/// Whether `owner` may have one more image.
pub(crate) async fn admit_image(conn: &mut Conn, owner: &str, bounds: &Bounds) -> Result<Admission<()>> {
    let Some(limit) = bounds.images else {
        return Ok(Ok(()));
    };
    let usage = count(conn, IMAGES, owner).await?;
    let exceeded = Exceeded { resource: Resource::Images, limit, usage, delta: 1 };
    Ok(if usage < limit { Ok(()) } else { Err(exceeded) })
}

pub(crate) async fn set_reserved(conn: &mut Conn, transfer: &str, bytes: u64) -> Result<()> {
    sqlx::query("UPDATE casement_transfers SET reserved = ? WHERE id = ?")
        .bind(record::signed(Some(bytes))?)
        .bind(transfer)
        .execute(conn)
        .await?;
    Ok(())
}

async fn grant(
    conn: &mut Conn,
    owner: &str,
    transfer: &str,
    wanted: Wanted,
    bounds: &Bounds,
) -> Result<Admission<u64>> {
    let (least, is_whole) = match wanted {
        Wanted::Whole(bytes) => (bytes, true),
        Wanted::AtLeast(bytes) => (bytes, false),
    };
    let Some(limit) = bounds.bytes else {
        return Ok(Ok(least));
    };
    let stored = stored(conn, owner).await?;
    let others = reserved_by_others(conn, owner, transfer).await?;
    let usage = stored.saturating_add(others);
    let free = limit.saturating_sub(usage);
    Ok(match (is_whole, free.checked_sub(least)) {
        (true, Some(_)) => Ok(least),
        (false, Some(left)) => Ok(least + (left / SHARE).min(STEP)),
        (false, None) if bounds.lone_overrun && others == 0 && stored <= limit => Ok(least.saturating_add(STEP)),
        _ => Err(Exceeded { resource: Resource::Bytes, limit, usage, delta: least }),
    })
}

async fn owner(conn: &mut Conn, image: &ImageId) -> Result<Option<String>> {
    let owner: Option<Option<String>> =
        sqlx::query_scalar("SELECT owner FROM images WHERE id = ?").bind(image.as_str()).fetch_optional(conn).await?;
    Ok(owner.flatten())
}

async fn stored(conn: &mut Conn, owner: &str) -> Result<u64> {
    count(conn, STORED, owner).await
}

/// Also for images that were deleted meanwhile: until an upload ends, what it has staged lies in the store.
async fn reserved_by_others(conn: &mut Conn, owner: &str, transfer: &str) -> Result<u64> {
    let bytes: i64 = sqlx::query_scalar(
        "SELECT COALESCE(SUM(t.reserved), 0) FROM casement_transfers t JOIN images i ON i.id = t.image_id \
         WHERE i.owner = ? AND t.id <> ? AND t.state IN ('staged', 'committing')",
    )
    .bind(owner)
    .bind(transfer)
    .fetch_one(conn)
    .await?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

pub(crate) const STORED: &str = "SELECT COALESCE(SUM(i.size * (SELECT COUNT(*) FROM image_locations l \
     WHERE l.image_id = i.id AND l.status <> 'deleted')), 0) FROM images i \
     WHERE i.owner = ? AND NOT i.deleted AND i.size > 0 AND i.status NOT IN ('killed', 'pending_delete')";

pub(crate) const IMAGES: &str = "SELECT COUNT(*) FROM images i \
     WHERE i.owner = ? AND NOT i.deleted AND i.status NOT IN ('killed', 'pending_delete')";

/// An image that is being copied to more stores names them in a property.
macro_rules! being_copied {
    () => {
        "i.status NOT IN ('saving', 'uploading', 'importing', 'killed', 'pending_delete') AND EXISTS \
         (SELECT 1 FROM image_properties p WHERE p.image_id = i.id AND NOT p.deleted \
         AND p.name = 'os_glance_importing_to_stores' AND p.value <> '')"
    };
}

pub(crate) const UPLOADING: &str = concat!(
    "SELECT COUNT(*) FROM images i WHERE i.owner = ? AND NOT i.deleted \
     AND (i.status IN ('saving', 'uploading', 'importing') OR ",
    being_copied!(),
    ")"
);

pub(crate) const STAGED: &str = concat!(
    "SELECT COALESCE(SUM(i.size), 0) FROM images i WHERE i.owner = ? AND NOT i.deleted AND i.size > 0 \
     AND (i.status IN ('uploading', 'importing') OR ",
    being_copied!(),
    ")"
);

async fn count(conn: &mut Conn, query: &'static str, owner: &str) -> Result<u64> {
    let count: i64 = sqlx::query_scalar(query).bind(owner).fetch_one(conn).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}
