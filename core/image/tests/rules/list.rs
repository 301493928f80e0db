//! The query string of `GET /v2/images`, against what Glance 33 answered.

use casement_image::{
    ImageId, Kind, ListQuery, MemberFilter, SortDir, SortKey, Status, TimeOp, Visibility, VisibilityFilter,
    list::{self, ListSettings},
};
use time::macros::datetime;

/// Splits and decodes as a web server does.
fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn parse(query: &str) -> casement_image::Result<ListQuery> {
    ListQuery::parse(&pairs(query), &ListSettings::default())
}

#[test]
fn refusals_are_those_of_glance() {
    const KEYS: &str = "It must be one of the following: name, status, container_format, disk_format, size, id, created_at, updated_at.";
    for (query, message) in [
        ("visibility=zz", "Invalid visibility value: zz"),
        ("visibility=public&visibility=zz", "Invalid visibility value: zz"),
        ("member_status=zz", "Invalid status: zz"),
        ("member_status=", "Invalid status: "),
        ("os_hidden=ZZ", "Invalid value 'zz' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
        ("os_hidden=", "Invalid value '' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
        ("protected=True", "Invalid value 'True' for 'protected' filter. Valid values are 'true' or 'false'."),
        ("name=in:%22gam,ma", "Invalid filter value \"gam,ma. The quote is not closed."),
        ("status=gt:active", "Unable to filter by unknown operator 'gt'."),
        ("size_min=zz", "Unable to filter on a range with a non-numeric value."),
        ("zz_min=x", "Unable to filter on a range with a non-numeric value."),
        (
            "zz_min=5",
            "Unable to filter on a range of 'zz'. It must be one of the following: size, virtual_size, min_ram, min_disk.",
        ),
        (
            "_max=5",
            "Unable to filter on a range of ''. It must be one of the following: size, virtual_size, min_ram, min_disk.",
        ),
        ("created_at=bad", "Bad \"created_at\" query filter format. Use ISO 8601 DateTime notation."),
        ("updated_at=", "Bad \"updated_at\" query filter format. Use ISO 8601 DateTime notation."),
        ("created_at=zz:2020-01-01T00:00:00Z", "Unable to filter on a unknown operator."),
        ("changes-since=2020", "The \"changes-since\" filter is no longer available on v2."),
        ("changes-since=", "The \"changes-since\" filter is no longer available on v2."),
        ("sort=zz", &format!("Invalid sort key: zz. {KEYS}")),
        ("sort=", &format!("Invalid sort key: . {KEYS}")),
        ("sort_key=min_ram", &format!("Invalid sort key: min_ram. {KEYS}")),
        ("sort=name:up", "Invalid sort direction: up"),
        ("sort_key=name&sort_dir=asc&sort_dir=desc", "Number of sort dirs does not match the number of sort keys"),
        ("sort_dir=asc&sort_dir=desc", "Number of sort dirs does not match the number of sort keys"),
        ("sort=name&sort_key=id", "Old and new sorting syntax cannot be combined"),
        ("limit=-1", "limit param must be positive"),
        ("limit=x", "limit param must be an integer"),
        ("limit=", "limit param must be an integer"),
        ("marker=zz", "No image found with ID zz"),
        ("marker=", "No image found with ID "),
    ] {
        let error = parse(query).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::Invalid, message), "{query}");
    }
}

#[test]
fn limits_are_defaulted_and_clamped() {
    for (query, limit) in [
        ("", 25),
        ("limit=0", 0),
        ("limit=2", 2),
        ("limit=+5", 5),
        ("limit=1_0", 10),
        ("limit=99999", 1000),
        ("limit=99999999999999999999", 1000),
    ] {
        assert_eq!(parse(query).unwrap().limit, limit, "{query}");
    }
}

#[test]
fn sorting_has_two_spellings() {
    use SortDir::{Asc, Desc};
    use SortKey::{CreatedAt, Name, Size, Status};
    for (query, sort, tie) in [
        ("", vec![(CreatedAt, Desc)], Desc),
        ("sort=name", vec![(Name, Desc)], Desc),
        ("sort=+name+:+asc", vec![(Name, Asc)], Asc),
        ("sort=name:asc,status:desc", vec![(Name, Asc), (Status, Desc)], Desc),
        ("sort=name:,size:asc", vec![(Name, Desc), (Size, Asc)], Desc),
        ("sort_key=name", vec![(Name, Desc)], Desc),
        ("sort_key=name&sort_key=status&sort_dir=asc", vec![(Name, Asc), (Status, Asc)], Asc),
        ("sort_key=name&sort_key=size&sort_dir=asc&sort_dir=desc", vec![(Name, Asc), (Size, Desc)], Desc),
        ("sort_dir=asc", vec![(CreatedAt, Asc)], Asc),
        ("sort_key=name&sort_key=name&sort_dir=asc", vec![(Name, Asc)], Asc),
    ] {
        let parsed = parse(query).unwrap();
        assert_eq!((parsed.sort, parsed.tie_dir), (sort, Some(tie)), "{query}");
    }
}

#[test]
fn visibility_membership_and_flags_are_read() {
    assert_eq!(parse("").unwrap().visibility, VisibilityFilter::Default);
    assert_eq!(parse("visibility=").unwrap().visibility, VisibilityFilter::Nothing);
    assert_eq!(parse("visibility=all").unwrap().visibility, VisibilityFilter::All);
    assert_eq!(parse("visibility=shared").unwrap().visibility, VisibilityFilter::Only(Visibility::Shared));
    assert_eq!(parse("member_status=all").unwrap().member_status, MemberFilter::All);
    assert!(parse("os_hidden=TRUE").unwrap().os_hidden);
    assert_eq!(parse("protected=false").unwrap().protected, Some(false));
    assert_eq!(parse("deleted=zz").unwrap(), parse("").unwrap());
    let id = "b44f4a0f-0000-4000-8000-00805f9b34fb";
    assert_eq!(parse(&format!("marker={id}")).unwrap().marker, ImageId::parse(id));
}

#[test]
fn columns_are_filtered_by_their_kind_and_the_rest_are_properties() {
    let query = parse(
        "name=in:%22gam,ma%22,b&id=x&owner=in:p2&checksum=c&os_hash_value=v&tag=x&tag=+y+&foo=bar&bogus&deleted_at=x",
    )
    .unwrap();
    assert_eq!(query.text["name"], ["gam,ma", "b"]);
    assert_eq!(query.text["owner"], ["in:p2"]);
    assert_eq!(query.text.keys().copied().collect::<Vec<_>>(), ["checksum", "id", "name", "os_hash_value", "owner"]);
    assert_eq!(query.tags, ["x", "y"]);
    assert_eq!(
        query.properties.into_iter().collect::<Vec<_>>(),
        [("bogus", ""), ("deleted_at", "x"), ("foo", "bar")].map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(parse("status=in:active,zz,killed").unwrap().status, Some(vec![Status::Active]));
    assert_eq!(parse("status=zz").unwrap().status, Some(vec![]));
}

#[test]
fn numbers_are_bounds_and_too_large_ones_stay_in_range() {
    let nothing = (Some(i64::MAX), Some(i64::MIN));
    for (query, column, bounds) in [
        ("size=10", "size", (Some(10), Some(10))),
        ("size_min=5", "size", (Some(5), None)),
        ("size_max=5", "size", (None, Some(5))),
        ("size_min=5&size_max=9&size_min=6", "size", (Some(6), Some(9))),
        ("min_ram_min=5", "min_ram", (Some(5), None)),
        ("min_ram=5", "min_ram", (Some(5), Some(5))),
        ("size=zz", "size", nothing),
        ("virtual_size_min=99999999999999999999", "virtual_size", (Some(i64::MAX), None)),
    ] {
        assert_eq!(parse(query).unwrap().range[column], bounds, "{query}");
    }
}

#[test]
fn times_carry_operators_and_offsets() {
    let moment = datetime!(2099-01-01 0:00 UTC);
    for (query, op, at) in [
        ("created_at=2099-01-01T00:00:00Z", TimeOp::Eq, moment),
        ("created_at=eq:2099", TimeOp::Eq, moment),
        ("created_at=neq:2099-01-01", TimeOp::Neq, moment),
        ("created_at=gt:2099-01-01T00:00:00", TimeOp::Gt, moment),
        ("created_at=gte:2099-01-01T00:00:00%2B05:00", TimeOp::Gte, datetime!(2098-12-31 19:00 UTC)),
        ("created_at=2099-01-01T00:00:00-05:00", TimeOp::Eq, datetime!(2099-01-01 5:00 UTC)),
        ("created_at=lt:2099-01-01", TimeOp::Lt, moment),
        ("created_at=lte:2099-01-01", TimeOp::Lte, moment),
    ] {
        let parsed = parse(query).unwrap().created_at;
        assert_eq!((parsed[0].op, parsed[0].at), (op, at), "{query}");
    }
    assert_eq!(parse("updated_at=gt:2020&updated_at=lt:2021").unwrap().updated_at.len(), 2);
}

#[test]
fn links_are_quoted_as_python_does_and_keep_repeated_parameters() {
    let id = ImageId::parse("b44f4a0f-0000-4000-8000-00805f9b34fb").unwrap();
    for (query, first) in [
        ("", "/v2/images"),
        ("name=in:%22gam,ma%22,alpha&os_hidden=true", "/v2/images?name=in%3A%22gam%2Cma%22%2Calpha&os_hidden=true"),
        ("limit=1&name=a%20b", "/v2/images?limit=1&name=a+b"),
        ("bogus", "/v2/images?bogus="),
        ("name=%F0%9F%98%80", "/v2/images?name=%F0%9F%98%80"),
        ("name=a~b_c.d-e*%00", "/v2/images?name=a~b_c.d-e%2A%00"),
        ("tag=x&tag=y&marker=zz", "/v2/images?tag=x&tag=y"),
    ] {
        let (link, next) = list::links(&pairs(query), Some(&id));
        assert_eq!(link, first, "{query}");
        let joint = if first.contains('?') { '&' } else { '?' };
        assert_eq!(next, Some(format!("{first}{joint}marker={id}")));
        assert_eq!(list::links(&pairs(query), None), (first.to_owned(), None));
    }
}
