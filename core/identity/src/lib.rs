//! Who is calling: static tokens or nobody in particular.
