//! Holds when the images that a project may see are looked up, since they are few beside many others.

use super::*;

#[tokio::test]
async fn the_few_images_that_a_project_may_see_are_found_by_who_may_see_them() {
    let (_dir, catalog) = catalog().await;
    let count = plan(&catalog, among::HOW_MANY_VISIBLE).await;
    let page = page(&catalog, &ListQuery::default(), &member(), None, Among::FewSeen("p1")).await;
    for plan in [count, page] {
        for way in [
            "owner_image_idx (owner=?)",
            "visibility_image_idx (visibility=?)",
            "casement_members_member_idx (member=?)",
        ] {
            assert!(plan.contains(way), "{way}: {plan}");
        }
        assert!(!plan.contains("SCAN i") && !plan.contains("SCAN o") && !plan.contains("SCAN m"), "{plan}");
    }
    assert!(plan(&catalog, among::HOW_MANY).await.contains("COVERING INDEX casement_images_list_idx"));
}

/// Images of two projects and of nobody in particular, of which `p1` may see four.
async fn images_of_many(catalog: &Catalog) {
    let mut tx = catalog.db.write().await.unwrap();
    for (id, owner, visibility) in [
        ("mine", "p1", "private"),
        ("shared", "p2", "shared"),
        ("pending", "p2", "shared"),
        ("public", "p2", "public"),
        ("mine too and public", "p1", "public"),
        ("community", "p2", "community"),
        ("private", "p2", "private"),
    ] {
        sqlx::query(
            "INSERT INTO images (id, status, min_disk, min_ram, created_at, deleted, owner, visibility, os_hidden, protected) \
             VALUES (?, 'queued', 0, 0, ?, FALSE, ?, ?, FALSE, FALSE)",
        )
        .bind(ImageId::random().as_str())
        .bind(Stamp(OffsetDateTime::UNIX_EPOCH))
        .bind(owner)
        .bind(visibility)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query("UPDATE images SET name = ? WHERE rowid = LAST_INSERT_ROWID()")
            .bind(id)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    for (image, status) in [("shared", "accepted"), ("pending", "pending"), ("mine", "accepted")] {
        sqlx::query(
            "INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted) \
             SELECT id, 'p1', FALSE, ?, created_at, FALSE FROM images WHERE name = ?",
        )
        .bind(status)
        .bind(image)
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_list_is_the_same_whether_few_or_many_images_are_visible() {
    let (_dir, catalog) = catalog().await;
    images_of_many(&catalog).await;
    let by_name = vec![(SortKey::Name, SortDir::Asc)];
    let mut queries = Vec::new();
    for visibility in [
        VisibilityFilter::Default,
        VisibilityFilter::All,
        VisibilityFilter::Only(Visibility::Community),
        VisibilityFilter::Only(Visibility::Shared),
    ] {
        for member_status in [MemberFilter::Accepted, MemberFilter::All] {
            for limit in [2, 25] {
                queries.push(ListQuery {
                    limit,
                    visibility,
                    member_status,
                    sort: by_name.clone(),
                    ..ListQuery::default()
                });
            }
        }
    }
    let mut seen = Vec::new();
    for query in queries {
        let mut pages = Vec::new();
        for few in [true, false] {
            catalog.counted.sights.note("p1".to_owned(), few, Instant::now());
            pages.push(catalog.list_images(&query, &member()).await.unwrap());
        }
        assert_eq!(pages[0], pages[1], "{query:?}");
        seen.push(pages[0].images.len());
    }
    assert_eq!(seen, [2, 4, 2, 5, 2, 5, 2, 6, 1, 1, 1, 1, 1, 1, 2, 2]);
}

#[tokio::test]
async fn images_are_few_beside_many_others_alone() {
    let (_dir, catalog) = catalog().await;
    images_of_many(&catalog).await;
    let query = ListQuery { sort: vec![(SortKey::Size, SortDir::Asc)], ..ListQuery::default() };
    let order = list::order_of(&query);
    let mut snapshot = catalog.db.snapshot().await.unwrap();
    let of = |project: &str| Caller { project_id: Some(project.to_owned()), ..Caller::default() };
    let (known, unknown) = (member(), of("p3"));
    let among = catalog.among(&mut snapshot, &query, &known, &order).await.unwrap();
    assert!(matches!(among, Among::All), "most of seven: {among:?}");
    // Two are public, and one community.
    let among = catalog.among(&mut snapshot, &query, &unknown, &order).await.unwrap();
    assert!(matches!(among, Among::All), "three of seven: {among:?}");
    drop(snapshot);
    for _ in 0..3 {
        some_image(&catalog).await;
    }
    let other = of("p4");
    let mut snapshot = catalog.db.snapshot().await.unwrap();
    let among = catalog.among(&mut snapshot, &query, &other, &order).await.unwrap();
    assert!(matches!(among, Among::FewSeen("p4")), "three of ten: {among:?}");
    let mut by_name = query.clone();
    by_name.text.insert("name", vec!["one".to_owned()]);
    let among = catalog.among(&mut snapshot, &by_name, &other, &order).await.unwrap();
    assert!(matches!(among, Among::All), "an index leads there: {among:?}");
    let admin = Caller { is_admin: true, ..of("p5") };
    let among = catalog.among(&mut snapshot, &query, &admin, &order).await.unwrap();
    assert!(matches!(among, Among::All), "{among:?}");
}
