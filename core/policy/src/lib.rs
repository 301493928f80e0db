//! The oslo.policy rule language and the default rules of the Images API. Pure.
