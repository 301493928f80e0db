use mimalloc::MiMalloc;

/// What a request needs is freed by whichever thread goes on with it, and glibc's threads then wait for each other
/// (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
