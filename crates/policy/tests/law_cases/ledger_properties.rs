//! What holds for any sequence of postings.
