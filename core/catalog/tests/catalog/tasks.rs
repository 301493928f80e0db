//! Tasks, as Glance writes them.

use crate::Bench;
use casement_catalog::Kind;
use casement_image::{ImageId, SortDir, TaskQuery, TaskStatus};
use sqlx::AssertSqlSafe;
use time::macros::datetime;

async fn task(bench: &Bench, n: u32, owner: &str, status: &str, expires_at: &str, image: Option<&ImageId>) -> String {
    let id = format!("{n:08}-0000-4000-8000-000000000000");
    let image = image.map_or("NULL".to_owned(), |image| format!("'{image}'"));
    // Two have one time.
    let created_at = format!("2026-03-01 12:00:{:02}.000000", n / 2);
    let sql = format!(
        "INSERT INTO tasks (id, type, status, owner, expires_at, image_id, created_at, deleted) \
         VALUES ('{id}', 'import', '{status}', '{owner}', {expires_at}, {image}, '{created_at}', 0)"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut bench.raw().await).await.unwrap();
    id
}

fn query(sort_key: &'static str, sort_dir: SortDir) -> TaskQuery {
    TaskQuery { limit: 3, marker: None, sort_key, sort_dir, filters: Vec::new() }
}

#[tokio::test]
async fn pages_add_up_to_the_whole_list_in_every_order() {
    let bench = Bench::new().await;
    for n in 0..8 {
        let status = if n % 3 == 0 { "success" } else { "failure" };
        let expires_at = if n % 2 == 0 { "NULL" } else { "'2030-01-01 00:00:00.000000'" };
        task(&bench, n, if n < 6 { "p1" } else { "p2" }, status, expires_at, None).await;
    }
    for sort_key in ["id", "type", "status", "owner", "expires_at", "created_at", "updated_at", "image_id"] {
        for sort_dir in [SortDir::Asc, SortDir::Desc] {
            let mut query = query(sort_key, sort_dir);
            let whole = TaskQuery { limit: 100, ..query.clone() };
            let whole: Vec<String> =
                bench.catalog.list_tasks(&whole, None).await.unwrap().into_iter().map(|task| task.id).collect();
            assert_eq!(whole.len(), 8);
            let mut walked = Vec::new();
            loop {
                let page = bench.catalog.list_tasks(&query, None).await.unwrap();
                let Some(last) = page.last() else { break };
                query.marker = Some(last.id.clone());
                walked.extend(page.into_iter().map(|task| task.id));
            }
            assert_eq!(walked, whole, "{sort_key} {sort_dir:?}");
        }
    }
    let own =
        bench.catalog.list_tasks(&TaskQuery { limit: 100, ..query("id", SortDir::Asc) }, Some("p2")).await.unwrap();
    assert_eq!(own.len(), 2);
    let mut failed = TaskQuery { limit: 100, ..query("id", SortDir::Asc) };
    failed.filters = vec![("status", "failure".into()), ("owner", "p1' OR '1'='1".into())];
    assert_eq!(bench.catalog.list_tasks(&failed, None).await.unwrap(), []);
    failed.filters.pop();
    assert_eq!(bench.catalog.list_tasks(&failed, None).await.unwrap().len(), 5);
    failed.marker = Some("nope".into());
    assert_eq!(bench.catalog.list_tasks(&failed, None).await.unwrap_err().kind, Kind::MarkerUnknown);
}

#[tokio::test]
async fn a_task_that_has_expired_is_deleted_when_its_project_looks() {
    let bench = Bench::new().await;
    let image = ImageId::random();
    let now = datetime!(2026-03-02 00:00 UTC);
    let old = task(&bench, 1, "p1", "success", "'2026-03-01 23:59:59.000000'", Some(&image)).await;
    let others = task(&bench, 2, "p2", "success", "'2026-03-01 23:59:59.000000'", None).await;
    let new = task(&bench, 3, "p1", "success", "'2026-03-02 00:00:01.000000'", Some(&image)).await;
    bench.catalog.expire_tasks("p1", now).await.unwrap();
    assert_eq!(bench.catalog.find_task(&old).await.unwrap(), None);
    assert!(bench.catalog.find_task(&others).await.unwrap().is_some());
    let left = bench.catalog.tasks_of_image(&image, now).await.unwrap();
    assert_eq!(left.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), [new.as_str()]);
}

#[tokio::test]
async fn a_task_that_nobody_works_at_is_ended() {
    let bench = Bench::new().await;
    let lost = task(&bench, 1, "p1", "processing", "NULL", None).await;
    let done = task(&bench, 2, "p1", "success", "NULL", None).await;
    let now = datetime!(2026-03-02 00:00 UTC);
    assert_eq!(bench.catalog.fail_lost_tasks("gone", now).await.unwrap(), [lost.as_str()]);
    assert_eq!(bench.catalog.find_task(&lost).await.unwrap().unwrap().status, TaskStatus::Failure);
    assert_eq!(bench.catalog.find_task(&done).await.unwrap().unwrap().status, TaskStatus::Success);
    assert_eq!(bench.catalog.fail_lost_tasks("gone", now).await.unwrap(), Vec::<String>::new());
}
