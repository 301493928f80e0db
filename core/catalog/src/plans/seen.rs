//! Holds how the default list of a project is found: by walks that meet nothing that the project may not see.

use super::*;
use std::collections::HashSet;

const VISIBILITIES: [VisibilityFilter; 6] = [
    VisibilityFilter::Default,
    VisibilityFilter::All,
    VisibilityFilter::Only(Visibility::Private),
    VisibilityFilter::Only(Visibility::Shared),
    VisibilityFilter::Only(Visibility::Community),
    VisibilityFilter::Only(Visibility::Public),
];
const ANSWERS: [MemberFilter; 4] =
    [MemberFilter::Accepted, MemberFilter::Pending, MemberFilter::Rejected, MemberFilter::All];

fn rack() -> std::collections::BTreeMap<String, String> {
    [("rack".to_owned(), "one".to_owned())].into()
}

fn from_either_end(dir: SortDir) -> ListQuery {
    ListQuery { limit: 25, sort: vec![(SortKey::CreatedAt, dir)], tie_dir: Some(dir), ..ListQuery::default() }
}

#[tokio::test]
async fn what_a_project_may_see_comes_in_order_and_only_what_is_shared_with_it_is_sorted() {
    let (_dir, catalog) = catalog().await;
    let marker = some_image(&catalog).await;
    for dir in [SortDir::Asc, SortDir::Desc] {
        for (visibility, own_and_others) in VISIBILITIES.into_iter().zip([2, 3, 1, 1, 2, 2]) {
            for member_status in ANSWERS {
                for (marker, properties) in [(None, rack()), (Some(&marker), Default::default())] {
                    let query = ListQuery { visibility, member_status, properties, ..from_either_end(dir) };
                    let plan = page(&catalog, &query, &member(), marker, Among::Seen("p1")).await;
                    let count = |what: &str| plan.matches(what).count();
                    let since = if marker.is_some() { " AND created_at" } else { "" };
                    let shares = match visibility {
                        VisibilityFilter::Only(Visibility::Shared)
                        | VisibilityFilter::Default
                        | VisibilityFilter::All => 1,
                        _ => 0,
                    };
                    let owned = format!(
                        "COVERING INDEX casement_images_of_owner_idx (deleted=? AND os_hidden=? AND owner=?{since}"
                    );
                    let seen = format!(
                        "COVERING INDEX casement_images_by_visibility_idx (deleted=? AND os_hidden=? AND visibility=?{since}"
                    );
                    assert_eq!((count(&owned), count(&owned) + count(&seen)), (1, own_and_others), "{plan}");
                    assert_eq!(count("MERGE (UNION ALL)"), own_and_others + shares - 1, "{plan}");
                    for way in [
                        "INDEX casement_images_by_id_idx (deleted=? AND os_hidden=? AND id=?",
                        "INDEX casement_members_member_idx (member=?)",
                        "ORDER BY",
                    ] {
                        assert_eq!(count(way), shares, "{way}: {plan}");
                    }
                    for dear in ["MULTI-INDEX", "SCAN", "_deleted", "MATERIALIZE"] {
                        assert_eq!(count(dear), 0, "{dear}: {plan}");
                    }
                }
            }
        }
    }
    assert!(plan(&catalog, among::HOW_MANY_ARE_SHARED).await.contains("casement_members_member_idx (member=?)"));
}

#[tokio::test]
async fn the_lists_of_a_project_in_the_order_of_creation_go_past_nothing_of_others_unless_much_is_shared_with_it() {
    let (_dir, catalog) = catalog().await;
    let mut changed_lately = ListQuery::default();
    changed_lately
        .updated_at
        .push(casement_image::TimeFilter { op: casement_image::TimeOp::Gt, at: OffsetDateTime::UNIX_EPOCH });
    let mut of_a_name = ListQuery::default();
    of_a_name.text.insert("name", vec!["one".to_owned()]);
    let mixed = ListQuery { tie_dir: Some(SortDir::Desc), ..from_either_end(SortDir::Asc) };
    let by_size = ListQuery { sort: vec![(SortKey::Size, SortDir::Asc)], ..ListQuery::default() };
    let admin = Caller { is_admin: true, ..member() };
    let mut snapshot = catalog.db.snapshot().await.unwrap();
    for (query, caller, is_seen) in [
        (ListQuery::default(), member(), true),
        (from_either_end(SortDir::Asc), member(), true),
        (changed_lately, member(), false),
        (of_a_name, member(), false),
        (mixed, member(), false),
        (by_size, member(), false),
        (ListQuery::default(), admin, false),
        (ListQuery::default(), Caller::default(), false),
    ] {
        let among = catalog.among(&mut snapshot, &query, &caller, &list::order_of(&query)).await.unwrap();
        assert_eq!(matches!(among, Among::Seen("p1")), is_seen, "{query:?} {caller:?}: {among:?}");
    }
    drop(snapshot);

    let mut tx = catalog.db.write().await.unwrap();
    sqlx::query(
        "INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted) \
         WITH RECURSIVE counting(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < 100) \
         SELECT n, 'p2', FALSE, 'accepted', '2026-01-01 00:00:00.000000', FALSE FROM counting",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let (query, much) = (ListQuery::default(), Caller { project_id: Some("p2".to_owned()), ..Caller::default() });
    let mut snapshot = catalog.db.snapshot().await.unwrap();
    let among = catalog.among(&mut snapshot, &query, &much, &list::order_of(&query)).await.unwrap();
    assert!(matches!(among, Among::All), "{among:?}");
}

/// What `p1` may have to do with an image, the oldest first: its name, owner, visibility, and what `p1` says to its being
/// shared with it. Two by two are of one moment.
const IMAGES: [(&str, Option<&str>, &str, &[&str]); 24] = [
    ("own private", Some("p1"), "private", &[]),
    ("private", Some("p2"), "private", &[]),
    ("public", Some("p2"), "public", &[]),
    ("own public", Some("p1"), "public", &[]),
    ("public of nobody", None, "public", &[]),
    ("private of nobody", None, "private", &[]),
    ("own community", Some("p1"), "community", &[]),
    ("community", Some("p2"), "community", &[]),
    ("community of nobody", None, "community", &[]),
    ("accepted", Some("p2"), "shared", &["accepted"]),
    ("own shared", Some("p1"), "shared", &[]),
    ("own and accepted", Some("p1"), "shared", &["accepted"]),
    ("shared", Some("p2"), "shared", &[]),
    ("pending", Some("p2"), "shared", &["pending"]),
    ("rejected", Some("p2"), "shared", &["rejected"]),
    ("accepted twice", Some("p2"), "shared", &["accepted", "accepted"]),
    ("taken back", Some("p2"), "shared", &["deleted"]),
    ("accepted of nobody", None, "shared", &["accepted"]),
    ("accepted and then private", Some("p2"), "private", &["accepted"]),
    ("accepted and then public", Some("p2"), "public", &["accepted"]),
    ("own hidden", Some("p1"), "private", &[]),
    ("accepted hidden", Some("p2"), "shared", &["accepted"]),
    ("killed", Some("p1"), "public", &[]),
    ("deleted", Some("p1"), "public", &[]),
];

async fn images_of_all_kinds(catalog: &Catalog) {
    let mut tx = catalog.db.write().await.unwrap();
    // The newest first, so that the order of the rows is not that of the list.
    for (n, (name, owner, visibility, memberships)) in IMAGES.iter().enumerate().rev() {
        let id = format!("00000000-0000-4000-8000-{n:012}");
        let created_at = Stamp(OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(n as i64 / 2));
        sqlx::query(
            "INSERT INTO images (id, name, status, min_disk, min_ram, created_at, deleted, owner, visibility, os_hidden, protected) \
             VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?, ?, FALSE)",
        )
        .bind(&id)
        .bind(name)
        .bind(if *name == "killed" { "killed" } else { "queued" })
        .bind(created_at)
        .bind(*name == "deleted")
        .bind(owner)
        .bind(visibility)
        .bind(name.ends_with("hidden"))
        .execute(&mut *tx)
        .await
        .unwrap();
        for status in *memberships {
            sqlx::query(
                "INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted) \
                 VALUES (?, 'p1', FALSE, 'accepted', ?, FALSE), (?, 'p2', FALSE, 'accepted', ?, FALSE)",
            )
            .bind(&id)
            .bind(created_at)
            .bind(&id)
            .bind(created_at)
            .execute(&mut *tx)
            .await
            .unwrap();
            let change = match *status {
                "deleted" => "deleted = TRUE",
                "pending" => "status = 'pending'",
                "rejected" => "status = 'rejected'",
                _ => continue,
            };
            let change = format!("UPDATE image_members SET {change} WHERE image_id = ? AND member = 'p1'");
            sqlx::query(AssertSqlSafe(change)).bind(&id).execute(&mut *tx).await.unwrap();
        }
        if n % 3 == 0 {
            sqlx::query(
                "INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES (?, 'rack', 'one', ?, FALSE)",
            )
            .bind(&id)
            .bind(created_at)
            .execute(&mut *tx)
            .await
            .unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// The names of all images that `query` asks for, two by two.
async fn names(catalog: &Catalog, mut query: ListQuery) -> Vec<String> {
    query.limit = 2;
    let mut names = Vec::new();
    loop {
        let page = catalog.list_images(&query, &member()).await.unwrap();
        names.extend(page.images.iter().map(|image| image.name.clone().unwrap()));
        match page.images.last().filter(|_| page.full) {
            Some(last) => query.marker = Some(last.id.clone()),
            None => return names,
        }
    }
}

#[tokio::test]
async fn a_list_is_the_same_whether_the_images_of_others_are_gone_past_or_not() {
    let (_dir, catalog) = catalog().await;
    images_of_all_kinds(&catalog).await;
    catalog.counted.properties.note(("rack".to_owned(), "one".to_owned()), false, Instant::now());
    catalog.counted.sights.note("p1".to_owned(), false, Instant::now());
    let mut seen = HashSet::new();
    for dir in [SortDir::Asc, SortDir::Desc] {
        for visibility in VISIBILITIES {
            for member_status in ANSWERS {
                for (os_hidden, properties) in
                    [(false, Default::default()), (false, rack()), (true, Default::default())]
                {
                    let query = ListQuery { visibility, member_status, os_hidden, properties, ..from_either_end(dir) };
                    let mut lists = Vec::new();
                    for few_are_shared in [true, false] {
                        catalog.counted.shares.note("p1".to_owned(), few_are_shared, Instant::now());
                        lists.push(names(&catalog, query.clone()).await);
                    }
                    assert_eq!(lists[0], lists[1], "{query:?}");
                    seen.extend(lists.remove(0));
                }
            }
        }
    }
    let never: Vec<_> = IMAGES.iter().map(|(name, ..)| *name).filter(|name| !seen.contains(*name)).collect();
    assert_eq!(
        never,
        ["private", "private of nobody", "shared", "taken back", "accepted and then private", "killed", "deleted"]
    );
}

#[tokio::test]
async fn a_project_sees_its_own_images_the_public_ones_and_what_it_accepted_each_once_and_in_order() {
    let (_dir, catalog) = catalog().await;
    images_of_all_kinds(&catalog).await;
    let by_default = [
        "accepted and then public",
        "accepted of nobody",
        "accepted twice",
        "own and accepted",
        "own shared",
        "accepted",
        "own community",
        "public of nobody",
        "own public",
        "public",
        "own private",
    ];
    assert_eq!(names(&catalog, ListQuery::default()).await, by_default);
    let mut oldest_first = names(&catalog, from_either_end(SortDir::Asc)).await;
    oldest_first.reverse();
    assert_eq!(oldest_first, by_default);
    let all = ListQuery { visibility: VisibilityFilter::All, member_status: MemberFilter::All, ..ListQuery::default() };
    let also: Vec<_> =
        names(&catalog, all).await.into_iter().filter(|name| !by_default.contains(&name.as_str())).collect();
    assert_eq!(also, ["rejected", "pending", "community of nobody", "community"]);
    let hidden = ListQuery { os_hidden: true, ..ListQuery::default() };
    assert_eq!(names(&catalog, hidden).await, ["accepted hidden", "own hidden"]);
}
