//! What holds for any data, of whatever format.

use casement_inspect::{Inspection, Inspector, Settings, judge};
use fastrand::Rng;

/// The bound that `Inspector` promises.
const MOST_MEMORY: u64 = 8 << 20;
/// Byte by byte, larger data would take most of the time.
const SMALL: usize = 4 << 10;
const CLAIMS: [&str; 13] =
    ["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks", "ploop", "aki", "nonsense"];

/// Any data: the same whatever the chunks, within bounds of memory, judged by rules that agree with each other.
pub fn any(data: &[u8]) {
    hold(data);
}

/// The same, for a function that asks for more. Tells who accepts the data.
pub(crate) fn hold(data: &[u8]) -> Accepted {
    let mut whole = None;
    let memory = allocation_counter::measure(|| whole = Some(inspect(data, |_| data.len())));
    let whole = whole.expect("measured code runs");
    assert!(memory.bytes_max <= MOST_MEMORY, "{} bytes held at once", memory.bytes_max);
    assert_eq!(whole.size, data.len() as u64);

    let mut random = Rng::with_seed(data.iter().fold(0_u64, |seed, byte| seed.rotate_left(5) ^ u64::from(*byte)));
    let most = random.usize(1..=100_000);
    assert_eq!(inspect(data, |_| random.usize(0..=most)), whole, "chunks of up to {most}");
    if data.len() <= SMALL {
        assert_eq!(inspect(data, |_| 1), whole, "byte by byte");
    }

    Accepted::of(&whole, data.len() as u64)
}

fn inspect(data: &[u8], mut chunk: impl FnMut(usize) -> usize) -> Inspection {
    let mut inspector = Inspector::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (next, behind) = rest.split_at(chunk(rest.len()).min(rest.len()));
        inspector.feed(next);
        rest = behind;
    }
    inspector.finish()
}

/// Which claims are accepted for the data, with their virtual sizes.
pub(crate) struct Accepted {
    strictly: Vec<(&'static str, Option<u64>)>,
    pub(crate) somehow: bool,
}

impl Accepted {
    fn of(inspection: &Inspection, len: u64) -> Self {
        const LIMIT: u64 = 1 << 20;
        const RATIO: u64 = 3;
        let strict = Settings::default();
        let lenient = Settings { require_format_match: false, ..strict.clone() };
        let limited = Settings { max_virtual_size: Some(LIMIT), max_virtual_ratio: Some(RATIO), ..strict.clone() };
        let mut accepted = Self { strictly: Vec::new(), somehow: false };
        for claim in CLAIMS {
            let [strict, lenient, limited] =
                [&strict, &lenient, &limited].map(|settings| judge(inspection, claim, "bare", settings));
            for refusal in [&strict, &lenient, &limited].into_iter().filter_map(|verdict| verdict.as_ref().err()) {
                assert!(!refusal.rule.is_empty() && !refusal.message.is_empty());
            }
            if let Ok(verdict) = strict {
                assert_eq!(lenient, Ok(verdict), "{claim}: less is asked for, and more refused");
                assert!(verdict.virtual_size.is_none_or(|size| i64::try_from(size).is_ok()), "{claim}");
                accepted.strictly.push((claim, verdict.virtual_size));
            }
            if let Ok(verdict) = limited {
                assert_eq!(strict, Ok(verdict), "{claim}: more is asked for, and less refused");
                let within = |size| size <= LIMIT && size <= len.saturating_mul(RATIO);
                assert!(verdict.virtual_size.is_none_or(within), "{claim}");
            }
            accepted.somehow |= lenient.is_ok();
        }
        if let Some(size) = accepted.claimed("raw") {
            assert_eq!(size, (len != 0).then_some(len), "raw");
        }
        accepted
    }

    /// The virtual size, if data that claims this format is accepted.
    pub(crate) fn claimed(&self, format: &str) -> Option<Option<u64>> {
        self.strictly.iter().find(|(claim, _)| *claim == format).map(|(_, size)| *size)
    }

    /// The same for a virtual size of which 0 stands for none.
    pub(crate) fn size(&self, format: &str) -> Option<u64> {
        self.claimed(format).map(Option::unwrap_or_default)
    }
}

/// Reads of data, zero where it ends.
pub(crate) fn bytes<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|index| data.get(at + index).copied().unwrap_or_default())
}

/// Cuts the next `len` bytes off a digest, filled up with zeros.
pub(crate) fn take(digest: &mut &[u8], len: usize) -> Vec<u8> {
    let (part, rest) = digest.split_at(len.min(digest.len()));
    *digest = rest;
    let mut part = part.to_vec();
    part.resize(len, 0);
    part
}
