//! Values of options, as oslo.config reads them, and as TOML has them.

use toml::Value;

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Bool,
    /// At least so much.
    Number(i64),
    /// Made to be from the one to the other.
    Within(i64, i64),
    /// How often something is tried again after the first time.
    Retries,
    /// A number; -1, or less, is without limit.
    Quota,
    Text,
    Url,
    /// One of these, and nothing else.
    Choice(&'static [&'static str]),
    /// The first text for true, the second for false.
    Either(&'static str, &'static str),
    /// A list of names.
    Names,
    /// A list of which only these are known.
    Some(&'static [&'static str]),
    /// A list of ports.
    Ports,
}

/// A value that goes over, and what of it does not.
pub(super) type Read = Result<(Value, Option<String>), String>;

impl Kind {
    /// Messages never show the value: it may be a secret at the wrong option.
    pub(super) fn read(self, text: &str) -> Read {
        let whole = |value: Value| Ok((value, None));
        match self {
            Self::Bool => boolean(text).map(|value| (value.into(), None)),
            Self::Number(least) => match number(text)? {
                number if number >= least => whole(number.into()),
                _ => Err(format!("it is less than {least}")),
            },
            Self::Within(least, most) => {
                let (given, taken) = (number(text)?, number(text)?.clamp(least, most));
                Ok((taken.into(), (given != taken).then(|| format!("it is taken as {taken}"))))
            }
            Self::Retries => whole(number(text)?.saturating_add(1).clamp(1, 10).into()),
            Self::Quota => whole(number(text)?.max(-1).into()),
            Self::Text if text.is_empty() => Err("it is empty".to_owned()),
            Self::Text => whole(text.into()),
            // What stands before an `@` would be a secret in the configuration.
            Self::Url if casement_http::is_http_url(text) && !text.contains('@') => whole(text.into()),
            Self::Url => Err("it is no URL of http or https without a user in it".to_owned()),
            Self::Choice(known) => match known.iter().find(|known| known.eq_ignore_ascii_case(text)) {
                Some(known) => whole((*known).into()),
                None => Err(format!("it can only be {}", known.join(", "))),
            },
            Self::Either(yes, no) => boolean(text).map(|value| (if value { yes } else { no }.into(), None)),
            Self::Names => whole(list(text).into()),
            Self::Some(known) => {
                let is_known = |name: &String| known.contains(&&**name);
                let (carried, others): (Vec<_>, Vec<_>) = list(text).into_iter().partition(is_known);
                let rest = (!others.is_empty()).then(|| format!("of its values only {} can be", known.join(", ")));
                Ok((carried.into(), rest))
            }
            Self::Ports => {
                let port = |port: &String| port.parse::<u16>().map(i64::from);
                let ports: Result<Vec<_>, _> = list(text).iter().map(port).collect();
                whole(ports.map_err(|_| "it is no list of ports".to_owned())?.into())
            }
        }
    }
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| "it is no whole number".to_owned())
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err("it is neither true nor false".to_owned()),
    }
}

/// Items between commas, each without its quotes.
pub(super) fn list(text: &str) -> Vec<String> {
    let item = |item: &str| item.trim().trim_matches(['"', '\'']).to_owned();
    text.split(',').map(item).filter(|item| !item.is_empty()).collect()
}

/// `name:value` between commas.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair =
        |item: String| item.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    list(text).into_iter().filter_map(pair).collect()
}
