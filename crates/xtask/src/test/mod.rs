//! The test suite: parts that run one after the other, each a row or two in the summary.

mod bench;
mod browsers;
mod counts;
mod docs;
mod links;
mod part;
mod summary;
mod types;

pub(crate) use bench::Bench;
pub(crate) use part::Part;
pub(crate) use summary::Summary;
