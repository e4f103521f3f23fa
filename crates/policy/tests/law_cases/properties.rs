//! What holds for any facts of a person.
