//! Holds what a change of an image writes: an index costs a page of the log even where it stays as it is.

use super::*;

#[tokio::test]
async fn a_change_does_not_write_the_indexes_of_what_stays_as_it_is() {
    let (_dir, catalog) = catalog().await;
    let image = some_image(&catalog).await;
    let mut tx = catalog.db.write().await.unwrap();
    sqlx::raw_sql(
        "CREATE TRIGGER of_columns_that_are_set BEFORE UPDATE OF name, status, visibility, os_hidden, owner, size, \
         container_format, disk_format, checksum, os_hash_value ON images BEGIN SELECT RAISE(ABORT, 'written'); END",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let now = OffsetDateTime::UNIX_EPOCH;
    let mut with_more = Image { min_ram: 1, ..image.clone() };
    with_more.properties.insert("rack".to_owned(), "one".to_owned());
    catalog.update_image(&image, &with_more, now).await.unwrap();
    assert!(catalog.add_tag(&image.id, "new", now).await.unwrap());
    assert!(catalog.remove_tag(&image.id, "new", now).await.unwrap());
    let image = Image::clone(&catalog.find_image(&image.id, None).await.unwrap().unwrap().image);
    assert_eq!((image.min_ram, &image.properties), (1, &with_more.properties));
    let renamed = Image { name: Some("new".to_owned()), ..image.clone() };
    catalog.update_image(&image, &renamed, now).await.unwrap_err();
}
