//! How much one core digests, of one stream and of several at once.

use casement_digest::{Digest, Multihash, update_together};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CHUNK: usize = 1 << 20;

fn benches(criterion: &mut Criterion) {
    let chunk = vec![7; CHUNK];
    for multihash in [Multihash::Md5, Multihash::Sha512, Multihash::Sha256] {
        let mut group = criterion.benchmark_group(format!("1 MiB each by {}", multihash.name()));
        for streams in [1, 2, 3, 4, 8, 16] {
            group.throughput(Throughput::Bytes((streams * CHUNK) as u64));
            group.bench_function(format!("{streams} at once"), |bencher| {
                let mut digests: Vec<_> = (0..streams).map(|_| Digest::new(multihash)).collect();
                bencher.iter(|| update_together(digests.iter_mut().map(|digest| (digest, chunk.as_slice()))));
            });
        }
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
