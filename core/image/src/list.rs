//! Reading the query string of `GET /v2/images`, and the links of the answer.

use crate::{Error, ImageId, ListQuery, MemberFilter, Result, SortDir, SortKey, Status, VisibilityFilter, filter};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::str::FromStr;

/// Page sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListSettings {
    pub default_limit: u32,
    pub max_limit: u32,
}

impl Default for ListSettings {
    fn default() -> Self {
        Self { default_limit: 25, max_limit: 1000 }
    }
}

/// Columns by equality; those of the first list also take `in:` and `eq:`.
const LISTABLE: [&str; 4] = ["name", "id", "container_format", "disk_format"];
const EQUAL: [&str; 4] = ["owner", "checksum", "os_hash_algo", "os_hash_value"];
const NUMBERS: [&str; 4] = ["size", "virtual_size", "min_ram", "min_disk"];
/// Each parameter is a condition of one query, and databases refuse queries that are nested too deep (SQLite: 1000)
/// or have too many values (SQLite: 32766).
const MAX_PARAMETERS: usize = 500;
const MAX_VALUES: usize = 10_000;
/// Bounds that no number meets.
const NO_NUMBER: (Option<i64>, Option<i64>) = (Some(i64::MAX), Some(i64::MIN));

impl ListQuery {
    /// Reads the decoded query string. Of a parameter that is there to be given once, the first counts where it
    /// says how to list, the last where it says what.
    pub fn parse(pairs: &[(String, String)], settings: &ListSettings) -> Result<Self> {
        if pairs.len() > MAX_PARAMETERS {
            return Err(Error::invalid(format!("A list takes at most {MAX_PARAMETERS} parameters.")));
        }
        let request = Request(pairs);
        let mut query = ListQuery {
            visibility: visibility(&request)?,
            member_status: member_status(&request)?,
            limit: limit(request.first("limit"), settings)?,
            ..ListQuery::default()
        };
        (query.sort, query.tie_dir) = sorting(&request)?;
        query.os_hidden = os_hidden(&request)?;
        query.protected = protected(&request)?;
        query.tags = request.all("tag").map(|tag| tag.trim().to_owned()).collect();
        for (name, value) in pairs {
            query.filter(name, value)?;
        }
        if query.text.values().map(Vec::len).sum::<usize>() > MAX_VALUES {
            return Err(Error::invalid(format!("The filters of a list take at most {MAX_VALUES} values.")));
        }
        query.marker = marker(&request)?;
        Ok(query)
    }

    fn filter(&mut self, name: &str, value: &str) -> Result<()> {
        let column = |known: &[&'static str], name: &str| known.iter().find(|known| **known == name).copied();
        match name {
            "limit" | "marker" | "member_status" | "tag" | "sort" | "sort_key" | "sort_dir" | "visibility"
            | "os_hidden" | "protected" | "deleted" => {}
            "status" => {
                let names = filter::any_of(value)?;
                let statuses = names.iter().filter_map(|name| name.parse().ok());
                // Glance never lists these, whoever asks.
                self.status = Some(statuses.filter(|status| *status != Status::Killed).collect());
            }
            "created_at" => self.created_at.push(filter::time(name, value)?),
            "updated_at" => self.updated_at.push(filter::time(name, value)?),
            _ => {
                if let Some(column) = column(&LISTABLE, name) {
                    self.text.insert(column, filter::any_of(value)?);
                } else if let Some(column) = column(&EQUAL, name) {
                    self.text.insert(column, vec![value.to_owned()]);
                } else if let Some(column) = column(&NUMBERS, name) {
                    let number = filter::integer(value);
                    self.bound(column, number.map_or(NO_NUMBER, |number| (Some(number), Some(number))));
                } else if let Some((name, is_least)) = bound_name(name) {
                    let number = filter::integer(value)
                        .ok_or_else(|| Error::invalid("Unable to filter on a range with a non-numeric value."))?;
                    let column = column(&NUMBERS, name).ok_or_else(|| unknown_number(name))?;
                    self.bound(column, if is_least { (Some(number), None) } else { (None, Some(number)) });
                } else {
                    self.properties.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        Ok(())
    }

    /// Narrows the range of a column.
    fn bound(&mut self, column: &'static str, (least, most): (Option<i64>, Option<i64>)) {
        let range = self.range.entry(column).or_default();
        range.0 = range.0.max(least);
        range.1 = match (range.1, most) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// `size_min` is the least `size`, `size_max` the most.
fn bound_name(name: &str) -> Option<(&str, bool)> {
    let least = name.strip_suffix("_min").map(|name| (name, true));
    least.or_else(|| name.strip_suffix("_max").map(|name| (name, false)))
}

fn unknown_number(name: &str) -> Error {
    let known = NUMBERS.join(", ");
    Error::invalid(format!("Unable to filter on a range of '{name}'. It must be one of the following: {known}."))
}

struct Request<'a>(&'a [(String, String)]);

impl<'a> Request<'a> {
    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn first(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn last(&self, name: &str) -> Option<&'a str> {
        self.all(name).last()
    }
}

fn visibility(request: &Request<'_>) -> Result<VisibilityFilter> {
    let visibility = match request.last("visibility") {
        None => VisibilityFilter::Default,
        Some("") => VisibilityFilter::Nothing,
        Some("all") => VisibilityFilter::All,
        Some(name) => {
            let known = name.parse().map_err(|()| Error::invalid(format!("Invalid visibility value: {name}")))?;
            VisibilityFilter::Only(known)
        }
    };
    match request.first("changes-since") {
        Some(_) => Err(Error::invalid("The \"changes-since\" filter is no longer available on v2.")),
        None => Ok(visibility),
    }
}

fn member_status(request: &Request<'_>) -> Result<MemberFilter> {
    match request.first("member_status") {
        None | Some("accepted") => Ok(MemberFilter::Accepted),
        Some("pending") => Ok(MemberFilter::Pending),
        Some("rejected") => Ok(MemberFilter::Rejected),
        Some("all") => Ok(MemberFilter::All),
        Some(other) => Err(Error::invalid(format!("Invalid status: {other}"))),
    }
}

/// The size of a page.
pub(crate) fn limit(asked: Option<&str>, settings: &ListSettings) -> Result<u32> {
    let Some(text) = asked else {
        return Ok(settings.default_limit.min(settings.max_limit));
    };
    let limit = filter::integer(text).ok_or_else(|| Error::invalid("limit param must be an integer"))?;
    if limit < 0 {
        return Err(Error::invalid("limit param must be positive"));
    }
    Ok(u32::try_from(limit).unwrap_or(u32::MAX).min(settings.max_limit))
}

/// An id that is none is an image that does not exist.
fn marker(request: &Request<'_>) -> Result<Option<ImageId>> {
    let parse = |text| ImageId::parse(text).ok_or_else(|| Error::invalid(format!("No image found with ID {text}")));
    request.first("marker").map(parse).transpose()
}

fn os_hidden(request: &Request<'_>) -> Result<bool> {
    let value = request.last("os_hidden").unwrap_or("false").to_lowercase();
    boolean("os_hidden", &value)
}

fn protected(request: &Request<'_>) -> Result<Option<bool>> {
    request.last("protected").map(|value| boolean("protected", value)).transpose()
}

fn boolean(name: &str, value: &str) -> Result<bool> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::invalid(format!(
            "Invalid value '{value}' for '{name}' filter. Valid values are 'true' or 'false'."
        ))),
    }
}

/// The sort keys, and the direction of the keys that the catalog appends to make every place unique.
type Sorting = (Vec<(SortKey, SortDir)>, Option<SortDir>);

fn sorting(request: &Request<'_>) -> Result<Sorting> {
    let (keys, mut dirs) = match request.first("sort") {
        Some(_) if request.first("sort_key").is_some() || request.first("sort_dir").is_some() => {
            return Err(Error::invalid("Old and new sorting syntax cannot be combined"));
        }
        Some(text) => new_sorting(text)?,
        None => classic_sorting(request)?,
    };
    let tie = if let [dir] = dirs[..] { dir } else { SortDir::Desc };
    dirs.resize(keys.len(), tie);
    let mut sort: Vec<(SortKey, SortDir)> = Vec::with_capacity(keys.len());
    for (key, dir) in keys.into_iter().zip(dirs) {
        // A key that comes again decides nothing.
        if sort.iter().all(|(known, _)| *known != key) {
            sort.push((key, dir));
        }
    }
    Ok((sort, Some(tie)))
}

/// `sort=name:asc,status`.
fn new_sorting(text: &str) -> Result<(Vec<SortKey>, Vec<SortDir>)> {
    let mut keys = Vec::new();
    let mut dirs = Vec::new();
    for part in text.trim().split(',') {
        let (key, dir) = part.split_once(':').unwrap_or((part, ""));
        keys.push(sort_key(key)?);
        dirs.push(if dir.is_empty() { SortDir::Desc } else { sort_dir(dir)? });
    }
    Ok((keys, dirs))
}

/// `sort_key=name&sort_dir=asc`, both repeatable.
fn classic_sorting(request: &Request<'_>) -> Result<(Vec<SortKey>, Vec<SortDir>)> {
    let mut keys = request.all("sort_key").map(sort_key).collect::<Result<Vec<_>>>()?;
    let mut dirs = request.all("sort_dir").map(sort_dir).collect::<Result<Vec<_>>>()?;
    if dirs.len() > 1 && dirs.len() != keys.len() {
        return Err(Error::invalid("Number of sort dirs does not match the number of sort keys"));
    }
    if keys.is_empty() {
        keys.push(SortKey::CreatedAt);
    }
    if dirs.is_empty() {
        dirs.push(SortDir::Desc);
    }
    Ok((keys, dirs))
}

fn sort_key(text: &str) -> Result<SortKey> {
    let text = text.trim();
    SortKey::from_str(text).map_err(|()| {
        let known = SortKey::ALL.map(SortKey::as_str).join(", ");
        Error::invalid(format!("Invalid sort key: {text}. It must be one of the following: {known}."))
    })
}

fn sort_dir(text: &str) -> Result<SortDir> {
    let text = text.trim();
    SortDir::from_str(text).map_err(|()| Error::invalid(format!("Invalid sort direction: {text}")))
}

/// What Python's `quote_plus` leaves as it is.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// The `first` and `next` links of the answer.
pub fn links(pairs: &[(String, String)], next_marker: Option<&ImageId>) -> (String, Option<String>) {
    links_of("/v2/images", pairs, next_marker.map(ImageId::as_str))
}

/// Glance keeps only the last of repeated parameters here, and so loses half of `tag=x&tag=y` on the second page; we
/// keep all.
pub(crate) fn links_of(path: &str, pairs: &[(String, String)], next_marker: Option<&str>) -> (String, Option<String>) {
    let quote = |text: &str| utf8_percent_encode(text, QUOTED).to_string().replace(' ', "+");
    let query: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| name != "marker")
        .map(|(name, value)| format!("{}={}", quote(name), quote(value)))
        .collect();
    let link = |query: &[String]| match query {
        [] => path.to_owned(),
        query => format!("{path}?{}", query.join("&")),
    };
    let first = link(&query);
    let next = next_marker.map(|marker| link(&[query, vec![format!("marker={}", quote(marker))]].concat()));
    (first, next)
}
