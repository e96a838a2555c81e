//! What puts lists in order that are for people or made once: one sort for all types. The standard library's, fast for
//! millions of items, is seven kilobytes of code for every type and key.

use std::cmp::Ordering;

/// Sorts by `compare`; what compares as equal keeps its order.
pub(crate) fn sort_by<T>(list: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut order: Vec<usize> = (0..list.len()).collect();
    sort_indices(&mut order, &|one, other| compare(&list[one], &list[other]));
    for at in 0..list.len() {
        let mut from = order[at];
        // What stood there has been swapped to where its successor came from.
        while from < at {
            from = order[from];
        }
        list.swap(at, from);
    }
}

/// Sorts by a key; what has the same key keeps its order.
pub(crate) fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |one, other| key(one).cmp(&key(other)));
}

/// Kept out of its callers, so that it is there once.
#[inline(never)]
fn sort_indices(order: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    order.sort_by(|one, other| compare(*one, *other));
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn it_sorts_like_the_standard_library(keys in proptest::collection::vec(0..8_u8, 0..40)) {
            let numbered: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let (mut ours, mut theirs) = (numbered.clone(), numbered);
            sort_by_key(&mut ours, |(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            proptest::prop_assert_eq!(ours, theirs);
        }
    }
}
