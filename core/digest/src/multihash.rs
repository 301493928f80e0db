use std::str::FromStr;

/// The algorithm of `os_hash_value`. Uploads have one of the SHA-2; by the others, clients may say what lies at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multihash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Multihash {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::Md5, "md5"),
        (Self::Sha1, "sha1"),
        (Self::Sha256, "sha256"),
        (Self::Sha384, "sha384"),
        (Self::Sha512, "sha512"),
    ];

    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(algorithm, _)| *algorithm)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(algorithm, _)| *algorithm == self).map_or("", |(_, name)| name)
    }
}

impl FromStr for Multihash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|algorithm| algorithm.name() == text).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(Self::name).collect();
            format!("unknown hashing algorithm `{text}`; known are {}", known.join(", "))
        })
    }
}
