//! Lists, checked against a model that goes through all images one by one.

use crate::*;
use casement_catalog::Kind;
use casement_image::{
    Caller, ListQuery, Location, MemberFilter, SortDir, SortKey, TimeFilter, TimeOp, VisibilityFilter,
};
use fastrand::Rng;
use std::cmp::Ordering;

struct Known {
    image: Image,
    members: Vec<(&'static str, &'static str)>,
    deleted: bool,
}

const VISIBILITIES: [Visibility; 4] =
    [Visibility::Private, Visibility::Shared, Visibility::Community, Visibility::Public];
const STATUSES: [Status; 4] = [Status::Queued, Status::Active, Status::Deactivated, Status::Killed];
const NAMES: [&str; 5] = ["", "a", "A", "b, c", "é"];
const PROJECTS: [&str; 3] = ["p1", "p2", "p3"];

/// Few different values, so that there are many equal ones to order.
fn some_image(rng: &mut Rng) -> Known {
    let maybe = |rng: &mut Rng, of: &[&str]| rng.bool().then(|| pick(rng, of).to_owned());
    let image = Image {
        name: maybe(rng, &NAMES),
        status: pick(rng, &STATUSES),
        visibility: pick(rng, &VISIBILITIES),
        protected: rng.bool(),
        os_hidden: rng.u8(..4) == 0,
        checksum: maybe(rng, &["c1", "c2"]),
        owner: (rng.u8(..6) > 0).then(|| pick(rng, &PROJECTS).to_owned()),
        size: rng.bool().then(|| rng.u64(..3)),
        virtual_size: rng.bool().then(|| rng.u64(..3)),
        container_format: maybe(rng, &["bare", "ovf"]),
        disk_format: maybe(rng, &["raw", "qcow2"]),
        min_ram: rng.u32(..3),
        min_disk: rng.u32(..3),
        created_at: at(rng.i64(0..3)),
        updated_at: at(rng.i64(3..6)),
        tags: some_of(rng, ["x", "y"]).into_iter().map(String::from).collect(),
        properties: some_of(rng, ["k", "l"]).into_iter().map(|k| (k.into(), pick(rng, &["", "1"]).into())).collect(),
        locations: (0..rng.u8(..3))
            .map(|n| Location { url: format!("file:///{n}"), metadata: serde_json::Map::new() })
            .collect(),
        ..queued()
    };
    let members =
        some_of(rng, PROJECTS).into_iter().map(|p| (p, pick(rng, &["accepted", "pending", "rejected"]))).collect();
    Known { image, members, deleted: rng.u8(..8) == 0 }
}

fn some_of<const N: usize>(rng: &mut Rng, of: [&'static str; N]) -> Vec<&'static str> {
    of.into_iter().filter(|_| rng.bool()).collect()
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

fn some_query(rng: &mut Rng, known: &[Known]) -> ListQuery {
    const KEYS: [SortKey; 8] = [
        SortKey::Name,
        SortKey::Status,
        SortKey::ContainerFormat,
        SortKey::DiskFormat,
        SortKey::Size,
        SortKey::Id,
        SortKey::CreatedAt,
        SortKey::UpdatedAt,
    ];
    const DIRS: [SortDir; 2] = [SortDir::Asc, SortDir::Desc];
    const OPS: [TimeOp; 6] = [TimeOp::Eq, TimeOp::Neq, TimeOp::Gt, TimeOp::Gte, TimeOp::Lt, TimeOp::Lte];
    let seldom = |rng: &mut Rng| rng.u8(..8) == 0;
    let some = |rng: &mut Rng, of: &[&str]| (0..rng.u8(..3)).map(|_| pick(rng, of).to_owned()).collect::<Vec<_>>();
    let mut query = ListQuery {
        limit: pick(rng, &[1, 4, 7, 1000]),
        visibility: match rng.u8(..7) {
            0..3 => VisibilityFilter::Default,
            3 => VisibilityFilter::All,
            4 => VisibilityFilter::Nothing,
            _ => VisibilityFilter::Only(pick(rng, &VISIBILITIES)),
        },
        member_status: pick(
            rng,
            &[MemberFilter::Accepted, MemberFilter::Pending, MemberFilter::Rejected, MemberFilter::All],
        ),
        os_hidden: seldom(rng),
        protected: seldom(rng).then(|| rng.bool()),
        sort: (0..rng.u8(..4)).map(|_| (pick(rng, &KEYS), pick(rng, &DIRS))).collect(),
        tie_dir: rng.bool().then(|| pick(rng, &DIRS)),
        status: seldom(rng).then(|| (0..rng.u8(..3)).map(|_| pick(rng, &STATUSES)).collect()),
        ..ListQuery::default()
    };
    if seldom(rng) {
        query.tags = some(rng, &["x", "y"]);
    }
    for (key, values) in [
        ("name", &NAMES[..]),
        ("container_format", &["bare", "ovf"]),
        ("disk_format", &["raw"]),
        ("owner", &PROJECTS),
        ("checksum", &["c1"]),
    ] {
        if seldom(rng) {
            query.text.insert(key, some(rng, values));
        }
    }
    if seldom(rng) {
        query.text.insert("id", (0..5).map(|_| known[rng.usize(..known.len())].image.id.to_string()).collect());
    }
    for key in ["size", "virtual_size", "min_ram", "min_disk"] {
        if seldom(rng) {
            query.range.insert(key, (rng.bool().then(|| rng.i64(0..3)), rng.bool().then(|| rng.i64(0..3))));
        }
    }
    for times in [&mut query.created_at, &mut query.updated_at] {
        if seldom(rng) {
            times.push(TimeFilter { op: pick(rng, &OPS), at: at(rng.i64(0..6)).to_offset(time::macros::offset!(+2)) });
        }
    }
    if seldom(rng) {
        query.properties.insert(pick(rng, &["k", "l", "m"]).into(), pick(rng, &["", "1"]).into());
    }
    query
}

fn some_caller(rng: &mut Rng) -> Caller {
    Caller {
        project_id: (rng.u8(..5) > 0).then(|| pick(rng, &PROJECTS).into()),
        is_admin: rng.u8(..4) == 0,
        ..Caller::default()
    }
}

/// What the reference says of visibility in lists, in its own words.
fn is_listed(known: &Known, query: &ListQuery, caller: &Caller) -> bool {
    let image = &known.image;
    let own = caller.project_id.is_some() && image.owner == caller.project_id;
    let wanted = match query.member_status {
        MemberFilter::Accepted => Some("accepted"),
        MemberFilter::Pending => Some("pending"),
        MemberFilter::Rejected => Some("rejected"),
        MemberFilter::All => None,
    };
    let shared = image.visibility == Visibility::Shared
        && known.members.iter().any(|(project, status)| {
            Some(*project) == caller.project_id.as_deref() && wanted.is_none_or(|wanted| wanted == *status)
        });
    let for_all = matches!(image.visibility, Visibility::Public | Visibility::Community);
    let may = caller.is_admin || own || for_all || shared;
    let asked = match query.visibility {
        VisibilityFilter::Default => own || image.visibility != Visibility::Community,
        VisibilityFilter::All => true,
        VisibilityFilter::Only(visibility) => image.visibility == visibility,
        VisibilityFilter::Nothing => false,
    };
    may && asked && image.os_hidden == query.os_hidden && image.status != Status::Killed && !known.deleted
}

fn passes(image: &Image, query: &ListQuery) -> bool {
    let text = |key: &str| match key {
        "name" => image.name.clone(),
        "id" => Some(image.id.to_string()),
        "container_format" => image.container_format.clone(),
        "disk_format" => image.disk_format.clone(),
        "owner" => image.owner.clone(),
        "checksum" => image.checksum.clone(),
        other => panic!("{other}"),
    };
    let number = |key: &str| match key {
        "size" => image.size,
        "virtual_size" => image.virtual_size,
        "min_ram" => Some(image.min_ram.into()),
        "min_disk" => Some(image.min_disk.into()),
        other => panic!("{other}"),
    };
    let within = |(key, (least, most)): (&&str, &(Option<i64>, Option<i64>))| match number(key) {
        None => least.is_none() && most.is_none(),
        Some(value) => least.is_none_or(|least| value as i64 >= least) && most.is_none_or(|most| value as i64 <= most),
    };
    let time = |value: OffsetDateTime, TimeFilter { op, at }: &TimeFilter| match op {
        TimeOp::Eq => value == *at,
        TimeOp::Neq => value != *at,
        TimeOp::Gt => value > *at,
        TimeOp::Gte => value >= *at,
        TimeOp::Lt => value < *at,
        TimeOp::Lte => value <= *at,
    };
    query.protected.is_none_or(|protected| image.protected == protected)
        && query.tags.iter().all(|tag| image.tags.contains(tag))
        && query.text.iter().all(|(key, values)| text(key).is_some_and(|value| values.contains(&value)))
        && query.status.as_ref().is_none_or(|statuses| statuses.contains(&image.status))
        && query.range.iter().all(within)
        && query.created_at.iter().all(|filter| time(image.created_at, filter))
        && query.updated_at.iter().all(|filter| time(image.updated_at, filter))
        && query.properties.iter().all(|(name, value)| image.properties.get(name) == Some(value))
}

fn compare(a: &Image, b: &Image, query: &ListQuery) -> Ordering {
    let tie = query.tie_dir.unwrap_or(SortDir::Desc);
    let ties = [(SortKey::CreatedAt, tie), (SortKey::Id, tie)];
    query.sort.iter().chain(&ties).fold(Ordering::Equal, |so_far, (key, dir)| {
        let order = match key {
            SortKey::Name => a.name.clone().unwrap_or_default().cmp(&b.name.clone().unwrap_or_default()),
            SortKey::Status => a.status.as_str().cmp(b.status.as_str()),
            SortKey::ContainerFormat => {
                a.container_format.clone().unwrap_or_default().cmp(&b.container_format.clone().unwrap_or_default())
            }
            SortKey::DiskFormat => {
                a.disk_format.clone().unwrap_or_default().cmp(&b.disk_format.clone().unwrap_or_default())
            }
            SortKey::Size => a.size.unwrap_or(0).cmp(&b.size.unwrap_or(0)),
            SortKey::Id => a.id.as_str().cmp(b.id.as_str()),
            SortKey::CreatedAt => a.created_at.cmp(&b.created_at),
            SortKey::UpdatedAt => a.updated_at.cmp(&b.updated_at),
        };
        so_far.then(if *dir == SortDir::Asc { order } else { order.reverse() })
    })
}

async fn populate(bench: &Bench, rng: &mut Rng) -> Vec<Known> {
    let mut known = Vec::new();
    for _ in 0..100 {
        let some = some_image(rng);
        bench.catalog.create_image(&some.image).await.unwrap();
        for (member, status) in &some.members {
            bench.share(&some.image.id, member, status).await;
        }
        if some.deleted {
            assert!(bench.catalog.delete_image(&some.image, &[], at(9)).await.unwrap());
        }
        known.push(some);
    }
    known
}

#[tokio::test]
async fn every_list_is_what_a_model_says_page_by_page() {
    let bench = Bench::new().await;
    let mut rng = Rng::with_seed(20_260_301);
    let known = populate(&bench, &mut rng).await;
    let mut not_empty = 0;
    for round in 0..300 {
        let (mut query, caller) = (some_query(&mut rng, &known), some_caller(&mut rng));
        let mut expected: Vec<Image> = known
            .iter()
            .filter(|known| is_listed(known, &query, &caller) && passes(&known.image, &query))
            .map(|known| known.image.clone())
            .collect();
        expected.sort_by(|a, b| compare(a, b, &query));
        not_empty += usize::from(!expected.is_empty());

        let mut listed = Vec::new();
        loop {
            let page = bench.catalog.list_images(&query, &caller).await.unwrap();
            assert_eq!(page.full, page.images.len() == query.limit as usize, "round {round}");
            listed.extend(page.images);
            assert!(listed.len() <= expected.len(), "round {round}: {query:?} {caller:?}");
            if !page.full {
                break;
            }
            query.marker = listed.last().map(|image| image.id.clone());
        }
        assert_eq!(listed, expected, "round {round}: {query:?} {caller:?}");
    }
    assert!(not_empty > 100, "the queries are too narrow to show anything: {not_empty}");
}

#[tokio::test]
async fn a_marker_must_be_an_image_that_the_caller_may_know_of() {
    let bench = Bench::new().await;
    let image = Image { visibility: Visibility::Private, ..queued() };
    bench.catalog.create_image(&image).await.unwrap();
    let of = |project: &str| Caller { project_id: Some(project.into()), ..Caller::default() };
    // Even a list that would be empty anyway answers for its marker.
    for limit in [0, 10] {
        let ask = |marker: &ImageId| ListQuery { limit, marker: Some(marker.clone()), ..ListQuery::default() };
        let unknown = bench.catalog.list_images(&ask(&ImageId::random()), &of("p1")).await.unwrap_err();
        assert_eq!(unknown.kind, Kind::MarkerUnknown);
        let invisible = bench.catalog.list_images(&ask(&image.id), &of("p2")).await.unwrap_err();
        assert_eq!(invisible.kind, Kind::MarkerNotVisible);
        assert_eq!(bench.catalog.list_images(&ask(&image.id), &of("p1")).await.unwrap().images, []);
    }
}

#[tokio::test]
async fn a_limit_of_nothing_answers_nothing_and_is_not_full() {
    let bench = Bench::new().await;
    bench.catalog.create_image(&queued()).await.unwrap();
    let caller = Caller { is_admin: true, ..Caller::default() };
    let page = bench.catalog.list_images(&ListQuery::default(), &caller).await.unwrap();
    assert_eq!((page.images, page.full), (Vec::new(), false));
}

#[tokio::test]
async fn the_longest_page_comes_with_everything_that_belongs_to_its_images() {
    const IMAGES: i64 = 1500;
    let bench = Bench::new().await;
    let mut raw = bench.raw().await;
    let mut tx = raw.begin().await.unwrap();
    for n in 0..IMAGES {
        for insert in [
            "INSERT INTO images (id, status, min_disk, min_ram, created_at, deleted) \
             SELECT id, 'active', n, 0, at, 0 FROM it",
            "INSERT INTO image_properties (image_id, name, value, created_at, deleted) SELECT id, 'n', n, at, 0 FROM it",
            "INSERT INTO image_tags (image_id, value, created_at, deleted) SELECT id, n, at, 0 FROM it",
            "INSERT INTO image_locations (image_id, value, created_at, deleted) SELECT id, n, at, 0 FROM it",
        ] {
            let with = "WITH it AS (SELECT ? AS id, ? AS n, '2026-01-01 00:00:00.000000' AS at)";
            sqlx::query(sqlx::AssertSqlSafe(format!("{with} {insert}")))
                .bind(format!("00000000-0000-4000-8000-{n:012}"))
                .bind(n)
                .execute(&mut *tx)
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();

    let caller = Caller { is_admin: true, ..Caller::default() };
    let query = ListQuery { limit: IMAGES as u32, tie_dir: Some(SortDir::Asc), ..ListQuery::default() };
    let page = bench.catalog.list_images(&query, &caller).await.unwrap();
    assert_eq!((page.full, page.images.len()), (true, IMAGES as usize));
    for (n, image) in page.images.iter().enumerate() {
        let n = n.to_string();
        assert_eq!(image.min_disk.to_string(), n);
        assert_eq!(image.properties, BTreeMap::from([("n".to_owned(), n.clone())]));
        assert_eq!(image.tags, BTreeSet::from([n.clone()]));
        assert_eq!(image.locations, [Location { url: n, metadata: serde_json::Map::new() }]);
    }
}
